package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"

	"seccodeprm/internal/strictjson"
)

// entry is a tensor of a header and its half-open range of the data section.
type entry struct {
	Tensor
	begin, end uint64
}

// fields are the keys of the object that describes a tensor.
var fields = [...]string{"dtype", "shape", "data_offsets"}

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

// guess says what a file that is not in this format seems to be.
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
	r := strictjson.New(header)
	r.MaxString = maxName
	seen := keys{}
	for key := range r.Members() {
		r.Fail(seen.add(key))
		switch {
		case key == metadataKey:
			metadata = readMetadata(r)
		case len(tensors) == maxTensors:
			r.Failf("more than %d tensors", maxTensors)
		default:
			tensors = append(tensors, readTensor(r, key))
		}
	}
	if err := r.End(); err != nil {
		return nil, nil, err
	}
	return tensors, metadata, tile(tensors, size)
}

// readMetadata reads the object of strings under __metadata__. Null is no
// metadata, as in the Python library.
func readMetadata(r *strictjson.Reader) map[string]string {
	if r.Null() {
		return nil
	}
	r.MaxString = maxMetadata
	defer func() { r.MaxString = maxName }()
	metadata := map[string]string{}
	left := maxMetadata
	for key := range r.Members() {
		if _, twice := metadata[key]; twice {
			r.Twice()
		}
		value := r.Text()
		metadata[key] = value
		// An entry costs more than its characters: a million empty ones must
		// not pass.
		if left -= len(key) + len(value) + 64; left < 0 {
			r.Failf("more than %d bytes", maxMetadata)
		}
	}
	return metadata
}

// readTensor reads the object that describes a tensor. It skips fields that the
// format does not have, as the Python library does, but not a field of the
// format in another case.
func readTensor(r *strictjson.Reader, name string) entry {
	t := entry{Tensor: Tensor{Name: name}}
	skipped := 0
	for field := range r.Object(fields[:]...) {
		switch field {
		case "dtype":
			if t.DType = DType(r.Text()); t.DType.rank() < 0 {
				r.Failf("unknown type %q", t.DType)
			}
		case "shape":
			t.Shape = readInts(r, maxRank)
		case "data_offsets":
			offsets := readInts(r, 2)
			if len(offsets) != 2 {
				r.Failf("%d numbers instead of 2", len(offsets))
				break
			}
			t.begin, t.end = uint64(offsets[0]), uint64(offsets[1])
		default:
			if slices.Contains(fields[:], fold(field)) {
				r.Unknown()
			}
			if skipped++; skipped > maxSkipped {
				r.Failf("more than %d unknown fields", maxSkipped)
			}
			r.Skip()
		}
	}
	if r.Err() == nil {
		r.Fail(t.check())
	}
	return t
}

// readInts reads a list of at most limit <= maxRank numbers.
func readInts(r *strictjson.Reader, limit int) []int {
	var list [maxRank]int
	n := 0
	for i := range r.Array() {
		if i == limit {
			r.Failf("more than %d numbers", limit)
			break
		}
		list[i] = r.Int(0, math.MaxInt)
		n = i + 1
	}
	return append([]int{}, list[:n]...)
}

// check compares the size implied by type and shape with the range of data.
func (t *entry) check() error {
	if t.begin > t.end {
		return fmt.Errorf("data_offsets: begin %d is after end %d", t.begin, t.end)
	}
	want, err := byteSize(t.DType, t.Shape)
	if err == nil && want != t.end-t.begin {
		err = fmt.Errorf("%s of shape %v takes %d bytes, data_offsets [%d %d] hold %d", t.DType, t.Shape, want, t.begin, t.end, t.end-t.begin)
	}
	return err
}

// byteSize is the size of a tensor in bytes. No intermediate product may
// overflow, even if a later dimension is 0.
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
// gaps or overlaps.
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
