package qwen2

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// refuse turns problems into one error, or nil if there are none.
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

// show prepares a name from a file for an error: printable, and cut to a length
// that no name of a Qwen2 or its adapters reaches.
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
