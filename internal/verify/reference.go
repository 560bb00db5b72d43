package verify

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"seccodeprm/internal/safetensors"
)

// A reference holds the outputs of another implementation for a checkpoint.
type reference struct {
	dir   string
	files []*safetensors.File // expected.safetensors, then trace.safetensors if present
	meta  metadata
}

// metadata is the part of expected.json that a comparison needs.
type metadata struct {
	Base       string  // folder of the base model beside this one, if this is an adapter
	Candidates []int32 // of a causal LM
	Sequences  []struct{ Name string }
}

func openReference(dir string) (*reference, error) {
	r := &reference{dir: dir}
	if err := readJSON(filepath.Join(dir, "expected.json"), &r.meta); err != nil {
		return nil, err
	}
	if err := r.open("expected.safetensors"); err != nil {
		return nil, err
	}
	if err := r.open("trace.safetensors"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.close()
		return nil, err
	}
	return r, nil
}

// openExpected opens only expected.safetensors.
func openExpected(dir string) (*reference, error) {
	r := &reference{dir: dir}
	return r, r.open("expected.safetensors")
}

func (r *reference) open(name string) error {
	f, err := safetensors.OpenFile(os.DirFS(r.dir), name)
	if err != nil {
		return fmt.Errorf("%s: %w", r.dir, err)
	}
	r.files = append(r.files, f)
	return nil
}

func (r *reference) close() {
	for _, f := range r.files {
		f.Close()
	}
}

// tensor finds a tensor in any of the files.
func (r *reference) tensor(name string) (safetensors.Tensor, bool) {
	for _, f := range r.files {
		if t, ok := f.Tensor(name); ok {
			return t, true
		}
	}
	return safetensors.Tensor{}, false
}

// int32s returns the tensor, which must exist.
func (r *reference) int32s(name string) ([]int32, error) {
	t, ok := r.tensor(name)
	if !ok || t.DType != "I32" {
		return nil, fmt.Errorf("%s: expected.safetensors has no tensor %s of type I32", r.dir, name)
	}
	out := make([]int32, t.Len())
	for i := range out {
		out[i] = int32(binary.LittleEndian.Uint32(t.Bytes()[4*i:]))
	}
	return out, nil
}

// floats returns a tensor of type F32 or F64, or nil if there is none.
func (r *reference) floats(name string) ([]float64, error) {
	t, ok := r.tensor(name)
	if !ok {
		return nil, nil
	}
	out := make([]float64, t.Len())
	switch t.DType {
	case "F32":
		for i, x := range t.Float32s() {
			out[i] = float64(x)
		}
	case "F64":
		for i := range out {
			out[i] = math.Float64frombits(binary.LittleEndian.Uint64(t.Bytes()[8*i:]))
		}
	default:
		return nil, fmt.Errorf("%s: tensor %s has type %s, want F32 or F64", r.dir, name, t.DType)
	}
	return out, nil
}

// readJSON decodes a file. Its error names the file.
func readJSON(name string, v any) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
