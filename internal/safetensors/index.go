package safetensors

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"seccodeprm/internal/strictjson"
)

// parseIndex reads model.safetensors.index.json: the object weight_map maps
// tensors to files. It skips other keys; total_size is often wrong, and nobody
// relies on it.
func parseIndex(text []byte) (map[string]string, error) {
	r := strictjson.New(text)
	r.MaxString = maxName
	seen := keys{}
	var index map[string]string
	for key := range r.Members() {
		r.Fail(seen.add(key))
		if key == "weight_map" {
			index = readWeightMap(r)
		}
	}
	if err := r.End(); err != nil {
		return nil, err
	}
	if len(index) == 0 {
		return nil, errors.New("weight_map: no tensors")
	}
	return index, nil
}

// readWeightMap reads the object under weight_map.
func readWeightMap(r *strictjson.Reader) map[string]string {
	index := map[string]string{}
	seen := keys{}
	for tensor := range r.Members() {
		r.Fail(seen.add(tensor))
		if len(index) == maxTensors {
			r.Failf("more than %d tensors", maxTensors)
		}
		file := r.Text()
		if !local(file) {
			r.Failf("file name %q leaves the folder", file)
		}
		index[tensor] = file
	}
	return index
}

// local reports whether name stays inside its folder on every system: no "..",
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

// problems collects the mismatches between an index and its files.
type problems []string

const maxProblems = 20

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

// err returns one error that names the first few problems, or nil if there are
// none.
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
