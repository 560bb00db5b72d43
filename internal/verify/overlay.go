package verify

import (
	"bytes"
	"io/fs"
	"time"
)

// overlay is a folder in which one file is added or replaced.
type overlay struct {
	fs.FS
	name string
	data []byte
}

// Open implements fs.FS.
func (o overlay) Open(name string) (fs.File, error) {
	if name == o.name {
		return file{bytes.NewReader(o.data), name}, nil
	}
	return o.FS.Open(name)
}

// file is an open regular file in memory and its own fs.FileInfo.
type file struct {
	*bytes.Reader // Read and Size
	name          string
}

func (f file) Stat() (fs.FileInfo, error) { return f, nil }
func (f file) Close() error               { return nil }
func (f file) Name() string               { return f.name }
func (f file) Mode() fs.FileMode          { return 0o444 }
func (f file) ModTime() time.Time         { return time.Time{} }
func (f file) IsDir() bool                { return false }
func (f file) Sys() any                   { return nil }
