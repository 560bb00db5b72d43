package safetensors

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"seccodeprm/internal/mapped"
)

// File is one safetensors file. Whoever opens it closes it.
type File struct {
	set
	metadata map[string]string
	file     *mapped.File // nil from Parse
}

// set holds tensors by name.
type set map[string]Tensor

// Tensor returns the named tensor.
func (s set) Tensor(name string) (Tensor, bool) {
	t, ok := s[name]
	return t, ok
}

// Names lists the tensors, sorted.
func (s set) Names() []string { return slices.Sorted(maps.Keys(s)) }

// OpenFile opens the named file of fsys and checks its header. It reads no
// tensor data.
func OpenFile(fsys fs.FS, name string) (*File, error) {
	m, err := mapped.Open(fsys, name)
	if err != nil {
		return nil, err
	}
	var f *File
	err = mapped.Guard(func() (err error) {
		f, err = Parse(m.Bytes(), name)
		return err
	}, m)
	if err != nil {
		m.Close()
		return nil, err
	}
	f.file = m
	return f, nil
}

// Parse reads a file that is in memory. The tensors are views of data; name is
// for Tensor.File and for errors.
func Parse(data []byte, name string) (*File, error) {
	header, data, err := split(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFormat, name, err)
	}
	entries, metadata, err := parseHeader(header, uint64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFormat, name, err)
	}
	f := &File{set: make(set, len(entries)), metadata: metadata}
	for _, e := range entries {
		e.File = name
		e.data = data[e.begin:e.end:e.end]
		f.set[e.Name] = e.Tensor
	}
	return f, nil
}

// Metadata returns the object __metadata__ of the header, nil if there is none.
func (f *File) Metadata() map[string]string { return f.metadata }

// Bytes returns the whole file, header included, or nil after Parse. The bytes
// must not be written.
func (f *File) Bytes() []byte {
	if f.file == nil {
		return nil
	}
	return f.file.Bytes()
}

// Mapped lists the mapped file, for mapped.Guard. It is empty after Parse.
func (f *File) Mapped() []*mapped.File {
	if f.file == nil {
		return nil
	}
	return []*mapped.File{f.file}
}

// Close ends the use of the file. Its tensors must not be used afterwards.
// Closing twice is harmless.
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}
