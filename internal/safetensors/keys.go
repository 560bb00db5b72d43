package safetensors

import (
	"fmt"
	"strings"
	"unicode"
)

// keys remembers names, to find those that occur twice or differ only in case:
// programs disagree on which of them wins.
type keys map[string]string

func (k keys) add(key string) error {
	folded := fold(key)
	if first, twice := k[folded]; twice {
		if first == key {
			return fmt.Errorf("key %q occurs twice", key)
		}
		return fmt.Errorf("keys %q and %q differ only in case", first, key)
	}
	k[folded] = key
	return nil
}

// fold maps all strings that are equal under strings.EqualFold to the same one,
// with ASCII letters in lower case.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		if r > unicode.MaxASCII {
			for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
				least = min(least, next)
			}
		}
		if 'A' <= least && least <= 'Z' {
			least += 'a' - 'A'
		}
		return least
	}, s)
}
