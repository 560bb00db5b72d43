package qwen2

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// refuse makes one error of everything found wrong; nil of nothing.
func refuse(problems []string) error {
	if len(problems) == 0 {
		return nil
	}
	more := ""
	if n := len(problems) - maxProblems; n > 0 {
		more = fmt.Sprintf("; and %d more", n)
		problems = problems[:maxProblems]
	}
	return fmt.Errorf("%w: %s%s", ErrModel, strings.Join(problems, "; "), more)
}

// show makes a name that comes from a file fit for an error: printable, and not
// longer than any name of a Qwen2 or of its adapters.
func show(name string) string {
	const limit = 120
	if len(name) > limit {
		name = name[:limit] + "..."
	}
	if q := strconv.Quote(name); len(q) != len(name)+2 || name == "" {
		return q
	}
	return name
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
