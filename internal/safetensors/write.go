package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Write writes a file of tensors. The bytes depend only on the arguments and
// match the Python library's: types with wide elements first, then by name,
// with the header padded with spaces to a multiple of 8. Metadata comes first,
// sorted by key where that library leaves the order to chance; nil writes none.
//
// Parse reads everything that Write writes. Write returns ErrFormat, before it
// writes anything, for tensors or names that Parse would refuse. Other errors
// come from w.
func Write(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	ordered := slices.Clone(tensors)
	slices.SortStableFunc(ordered, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(b.DType.rank(), a.DType.rank()), strings.Compare(a.Name, b.Name))
	})
	sizes := make([]uint64, len(ordered))
	for i, t := range ordered {
		sizes[i] = uint64(len(t.data))
	}
	header, err := encodeHeader(ordered, sizes, metadata, 8)
	if err != nil {
		return err
	}
	if err := writeAll(w, header); err != nil {
		return err
	}
	for _, t := range ordered {
		if err := writeAll(w, t.data); err != nil {
			return fmt.Errorf("tensor %q: %w", t.Name, err)
		}
	}
	return nil
}

// writeAll returns io.ErrShortWrite if w takes less without saying why.
func writeAll(w io.Writer, data []byte) error {
	_, err := bytes.NewReader(data).WriteTo(w)
	return err
}

// Header returns the beginning of a file of tensors in the given order. It
// ignores their data: the caller writes the data that types and shapes
// announce, back to back, after it. The header is padded with spaces so that
// the data begins at a multiple of align bytes; align is a multiple of 8. It
// returns the errors of [Write].
func Header(tensors []Tensor, metadata map[string]string, align int) ([]byte, error) {
	sizes := make([]uint64, len(tensors))
	for i, t := range tensors {
		if t.DType.rank() < 0 {
			return nil, fmt.Errorf("%w: cannot be written: tensor %q: unknown type %q", ErrFormat, t.Name, t.DType)
		}
		var err error
		if sizes[i], err = byteSize(t.DType, t.Shape); err != nil {
			return nil, fmt.Errorf("%w: cannot be written: tensor %q: %w", ErrFormat, t.Name, err)
		}
	}
	return encodeHeader(tensors, sizes, metadata, align)
}

// encodeHeader returns the length field and the JSON header, if Parse would
// accept them.
func encodeHeader(tensors []Tensor, sizes []uint64, metadata map[string]string, align int) ([]byte, error) {
	header, size := appendHeader(make([]byte, 8), tensors, sizes, metadata)
	for len(header)%align != 0 {
		header = append(header, ' ')
	}
	binary.LittleEndian.PutUint64(header, uint64(len(header)-8))
	if len(header)-8 > maxHeader {
		return nil, fmt.Errorf("%w: header length %d exceeds %d", ErrFormat, len(header)-8, maxHeader)
	}
	if _, _, err := parseHeader(header[8:], size); err != nil {
		return nil, fmt.Errorf("%w: cannot be written: %w", ErrFormat, err)
	}
	return header, nil
}

// appendHeader appends the JSON header and returns the size of the data.
func appendHeader(b []byte, tensors []Tensor, sizes []uint64, metadata map[string]string) ([]byte, uint64) {
	b = append(b, '{')
	if metadata != nil {
		b = append(appendString(b, metadataKey), ":{"...)
		for i, key := range slices.Sorted(maps.Keys(metadata)) {
			b = comma(b, i)
			b = append(appendString(b, key), ':')
			b = appendString(b, metadata[key])
		}
		b = append(b, '}')
	}
	at := uint64(0)
	for i, t := range tensors {
		if metadata != nil || i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, t.Name), `:{"dtype":`...)
		b = append(appendString(b, string(t.DType)), `,"shape":[`...)
		for j, d := range t.Shape {
			b = strconv.AppendInt(comma(b, j), int64(d), 10)
		}
		b = strconv.AppendUint(append(b, `],"data_offsets":[`...), at, 10)
		at += sizes[i]
		b = append(strconv.AppendUint(append(b, ','), at, 10), "]}"...)
	}
	return append(b, '}'), at
}

func comma(b []byte, i int) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	return b
}

// appendString appends a JSON string with as few escapes as possible, as the
// Python library does.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ':
			b = append(b, c)
		default:
			if j := strings.IndexByte("\b\f\n\r\t", c); j >= 0 {
				b = append(b, '\\', "bfnrt"[j])
			} else {
				b = fmt.Appendf(b, `\u%04x`, c)
			}
		}
	}
	return append(b, '"')
}
