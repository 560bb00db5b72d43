package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// entry is a tensor of a header and its half-open range of the data section.
type entry struct {
	Tensor
	begin, end uint64
}

// split checks the length field and returns the header and the data section.
func split(file []byte) (header, data []byte, err error) {
	if len(file) < 8 {
		return nil, nil, fmt.Errorf("%d bytes are too few for a header length", len(file))
	}
	n := binary.LittleEndian.Uint64(file)
	switch rest := uint64(len(file) - 8); {
	case n > maxHeader:
		return nil, nil, fmt.Errorf("header length %d exceeds %d%s", n, maxHeader, guess(file))
	case n > rest:
		return nil, nil, fmt.Errorf("header length %d exceeds the %d bytes that follow it%s", n, rest, guess(file))
	}
	return file[8 : 8+n], file[8+n:], nil
}

// guess names what a file that is no safetensors file seems to be.
func guess(file []byte) string {
	for _, kind := range []struct{ magic, is string }{
		{"version https://git-lfs", ": this is a Git LFS pointer, fetch the file itself with git lfs pull"},
		{"\x80\x02", ": this looks like a Python pickle, convert it with the Python library safetensors"},
		{"PK\x03\x04", ": this looks like a PyTorch archive, convert it with the Python library safetensors"},
		{"\x1f\x8b", ": this looks like a gzip file, unpack it"},
		{"GGUF", ": this is a GGUF file, use the original safetensors checkpoint"},
	} {
		if bytes.HasPrefix(file, []byte(kind.magic)) {
			return kind.is
		}
	}
	return ""
}

// parseHeader reads a header for a data section of size bytes. The tensors come
// in the order of their data and tile it exactly; their data is not set.
func parseHeader(header []byte, size uint64) (tensors []entry, metadata map[string]string, err error) {
	if !utf8.Valid(header) {
		return nil, nil, errors.New("header is not valid UTF-8")
	}
	if len(header) == 0 || header[0] != '{' {
		return nil, nil, errors.New("header does not begin with {")
	}
	s := &scanner{text: header}
	seen := keys{}
	err = s.object(maxName, func(key string) error {
		if err := seen.add(key); err != nil {
			return err
		}
		if key == metadataKey {
			m, err := s.metadata()
			metadata = m
			return within(metadataKey, err)
		}
		if len(tensors) == maxTensors {
			return fmt.Errorf("more than %d tensors", maxTensors)
		}
		t, err := s.tensor(key)
		tensors = append(tensors, t)
		return within(fmt.Sprintf("tensor %q", key), err)
	})
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, nil, err
	}
	return tensors, metadata, tile(tensors, size)
}

// within puts a place before an error.
func within(place string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	return nil
}

// metadata takes the object of strings under __metadata__.
func (s *scanner) metadata() (map[string]string, error) {
	out := map[string]string{}
	left := maxMetadata
	err := s.object(left, func(key string) error {
		if _, twice := out[key]; twice {
			return fmt.Errorf("key %q stands twice", key)
		}
		value, err := s.string(left)
		out[key] = value
		// An entry costs more than its characters: a million empty ones must not pass.
		if left -= len(key) + len(value) + 64; left < 0 && err == nil {
			err = fmt.Errorf("more than %d bytes", maxMetadata)
		}
		return within(fmt.Sprintf("key %.100q", key), err)
	})
	return out, err
}

// tensor takes the object that describes a tensor.
func (s *scanner) tensor(name string) (entry, error) {
	t := entry{Tensor: Tensor{Name: name}}
	seen := keys{}
	var offsets []uint64
	err := s.object(maxName, func(field string) error {
		err := seen.add(field)
		if err != nil {
			return err
		}
		switch field {
		case "dtype":
			var name string
			name, err = s.string(maxName)
			t.DType = DType(name)
			if err == nil && t.DType.rank() < 0 {
				err = fmt.Errorf("unknown type %q", name)
			}
		case "shape":
			t.Shape, err = s.shape()
		case "data_offsets":
			offsets, err = s.uints(2)
		default:
			err = errors.New("unknown field")
		}
		return within(fmt.Sprintf("field %q", field), err)
	})
	if err != nil {
		return t, err
	}
	for _, field := range []string{"dtype", "shape", "data_offsets"} {
		if _, ok := seen[fold(field)]; !ok {
			return t, fmt.Errorf("field %q is missing", field)
		}
	}
	if len(offsets) != 2 {
		return t, fmt.Errorf("field %q: %d numbers instead of 2", "data_offsets", len(offsets))
	}
	t.begin, t.end = offsets[0], offsets[1]
	if t.begin > t.end {
		return t, fmt.Errorf("field %q: begin %d is behind end %d", "data_offsets", t.begin, t.end)
	}
	want, err := byteSize(t.DType, t.Shape)
	if err == nil && want != t.end-t.begin {
		err = fmt.Errorf("%s of shape %v takes %d bytes, data_offsets %v hold %d", t.DType, t.Shape, want, offsets, t.end-t.begin)
	}
	return t, err
}

// shape takes a list of dimensions.
func (s *scanner) shape() ([]int, error) {
	list, err := s.uints(maxRank)
	shape := make([]int, len(list))
	for i, d := range list {
		if d > math.MaxInt {
			return nil, fmt.Errorf("dimension %d is too large", d)
		}
		shape[i] = int(d)
	}
	return shape, err
}

// uints takes a list of at most limit integers.
func (s *scanner) uints(limit int) ([]uint64, error) {
	var list []uint64
	err := s.array(func() error {
		if len(list) == limit {
			return fmt.Errorf("more than %d numbers", limit)
		}
		v, err := s.uint()
		list = append(list, v)
		return err
	})
	return list, err
}

// byteSize is the size of a tensor in bytes. The product must not overflow on
// the way, even if a later dimension is 0.
func byteSize(dtype DType, shape []int) (uint64, error) {
	n := uint64(1)
	overflow := uint64(0)
	times := func(d uint64) {
		hi, lo := bits.Mul64(n, d)
		overflow |= hi
		n = lo
	}
	for _, d := range shape {
		times(uint64(d))
	}
	times(dtypes[dtype.rank()].bits)
	if overflow != 0 || n/8 > math.MaxInt {
		return 0, fmt.Errorf("%s of shape %v: size overflows", dtype, shape)
	}
	if n%8 != 0 {
		return 0, fmt.Errorf("%s of shape %v does not fill whole bytes", dtype, shape)
	}
	return n / 8, nil
}

// tile sorts tensors by their data and checks that they cover [0, size) without
// a gap or an overlap.
func tile(tensors []entry, size uint64) error {
	slices.SortStableFunc(tensors, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end), strings.Compare(a.Name, b.Name))
	})
	at := uint64(0)
	for i, t := range tensors {
		switch {
		case t.begin > at:
			return fmt.Errorf("tensor %q: %d bytes before its data at %d belong to no tensor", t.Name, t.begin-at, t.begin)
		case t.begin < at:
			return fmt.Errorf("tensors %q and %q overlap in the data", tensors[i-1].Name, t.Name)
		case t.end > size:
			return fmt.Errorf("tensor %q: its data ends at %d, the file's at %d: is the file cut short?", t.Name, t.end, size)
		}
		at = t.end
	}
	if at != size {
		return fmt.Errorf("%d bytes after the last tensor's data belong to no tensor", size-at)
	}
	return nil
}
