package safetensors

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// parseIndex reads model.safetensors.index.json: the object weight_map, from
// tensor to file. Other keys are skipped; total_size is often wrong and nobody
// relies on it.
func parseIndex(text []byte) (map[string]string, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("not valid UTF-8")
	}
	s := &scanner{text: text}
	seen := keys{}
	var index map[string]string
	err := s.object(maxName, func(key string) error {
		if err := seen.add(key); err != nil {
			return err
		}
		if key != "weight_map" {
			return within(fmt.Sprintf("key %q", key), s.skip(maxDepth))
		}
		var err error
		index, err = s.weightMap()
		return within(`key "weight_map"`, err)
	})
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, err
	}
	if len(index) == 0 {
		return nil, errors.New(`key "weight_map": no tensors`)
	}
	return index, nil
}

// weightMap takes the object under weight_map.
func (s *scanner) weightMap() (map[string]string, error) {
	index := map[string]string{}
	seen := keys{}
	err := s.object(maxName, func(tensor string) error {
		if err := seen.add(tensor); err != nil {
			return err
		}
		if len(index) == maxTensors {
			return fmt.Errorf("more than %d tensors", maxTensors)
		}
		file, err := s.string(maxName)
		if err == nil && !local(file) {
			err = fmt.Errorf("file name %q leaves the folder", file)
		}
		index[tensor] = file
		return within(fmt.Sprintf("tensor %q", tensor), err)
	})
	return index, err
}

// local reports whether name stays below its folder on every system: no "..",
// no root, no drive, no backslash, no NUL.
func local(name string) bool {
	return fs.ValidPath(name) && name != "." && !strings.ContainsAny(name, "\\:\x00")
}

// shards lists the files of an index, sorted.
func shards(index map[string]string) []string {
	return slices.Compact(slices.Sorted(maps.Values(index)))
}

// sorted lists the keys of an index.
func sorted(index map[string]string) []string { return slices.Sorted(maps.Keys(index)) }

// problems gathers what is wrong between an index and its files.
type problems []string

const maxProblems = 20

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

// err is nil if there are none, else one error that names the first few.
func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	text := strings.Join(p[:min(len(p), maxProblems)], "; ")
	if more := len(p) - maxProblems; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return fmt.Errorf("%w: %s: %s", ErrFormat, indexName, text)
}
