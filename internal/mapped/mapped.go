// Package mapped gives the bytes of a file of an fs.FS, read-only and without
// copying where the operating system can map it.
//
//	f, err := mapped.Open(os.DirFS(dir), "model.safetensors")
//	if err != nil { ... }
//	defer f.Close()
//	err = mapped.Guard(func() error { return use(f.Bytes()) }, f)
//
// A file that lies on disk may shrink or be rewritten under a mapping; the
// system then answers a read with a memory fault, or with other bytes. [Guard]
// turns both into [ErrFault]. All code that reads mapped bytes runs under it.
//
// # Concurrency
//
// A [File] may be read by any number of goroutines. Close must not overlap with
// reads of its bytes. Guard protects the goroutine it runs on; a goroutine that
// its function starts needs debug.SetPanicOnFault(true) of its own and must hand
// its panic value on (internal/par does both).
//
// # Memory
//
// A mapping takes no heap: its pages belong to the page cache, are shared by
// all processes and can be dropped by the system. Otherwise the file is copied
// once, to an address that is a multiple of 64.
//
// # Errors
//
// Errors name the file. They wrap [ErrNotRegular], [ErrTooLarge], [ErrFault] or
// the error of the file system, such as fs.ErrNotExist.
package mapped

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"sync"
	"unsafe"
)

var (
	// ErrNotRegular says that a name is a directory, a pipe, a socket or a device.
	ErrNotRegular = errors.New("not a regular file")
	// ErrFault says that a file changed or shrank while it was in use.
	ErrFault = errors.New("file changed or truncated while in use")
	// ErrTooLarge says that a file exceeds a limit or the address space.
	ErrTooLarge = errors.New("file too large")
)

// alignment of a copy in bytes: a cache line, and the widest vector load.
const alignment = 64

// maxSize bounds a file in bytes. It exceeds any checkpoint and keeps a file
// system that lies about a size from asking for more than an address space.
const maxSize = min(1<<42, math.MaxInt-alignment)

// File is an open file whose bytes lie in memory. Whoever opens it closes it.
type File struct {
	name string
	disk *os.File    // of a mapping: kept open to see changes; else nil
	info fs.FileInfo // of a mapping: as it was when opened
	base uintptr     // of a mapping: address of the first byte
	size uintptr     // of a mapping: length in bytes

	mu   sync.Mutex
	data []byte // nil once closed
}

// Open opens the named file: mapped where fsys opens real files (*os.File, as
// os.DirFS and os.Root do) on a Unix system, else as [Copy]. Links that fsys
// follows are followed. Only regular files are opened; a pipe is refused before
// opening it could block.
func Open(fsys fs.FS, name string) (*File, error) { return open(fsys, name, true) }

// Copy opens the named file as one copy in memory, on any system.
func Copy(fsys fs.FS, name string) (*File, error) { return open(fsys, name, false) }

func open(fsys fs.FS, name string, mayMap bool) (*File, error) {
	file, info, err := openRegular(fsys, name)
	if err != nil {
		return nil, err
	}
	if info.Size() < 0 || info.Size() > maxSize {
		file.Close()
		return nil, fmt.Errorf("%s: %w: %d bytes", name, ErrTooLarge, info.Size())
	}
	size := int(info.Size())
	if disk, ok := file.(*os.File); ok && mayMap && canMap && size > 0 {
		data, err := mmap(disk, size)
		if err != nil {
			file.Close()
			return nil, fmt.Errorf("%s: cannot map %d bytes: %w", name, size, err)
		}
		base := uintptr(unsafe.Pointer(unsafe.SliceData(data)))
		return &File{name: name, disk: disk, info: info, base: base, size: uintptr(size), data: data}, nil
	}
	defer file.Close()
	data := aligned(size)
	if _, err := io.ReadFull(file, data); err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, fmt.Errorf("%s: %w: shorter than the %d bytes it had", name, ErrFault, size)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if n, _ := file.Read(make([]byte, 1)); n > 0 {
		return nil, fmt.Errorf("%s: %w: longer than the %d bytes it had", name, ErrFault, size)
	}
	return &File{name: name, data: data}, nil
}

// openRegular opens a file after looking at its type, and looks again at what
// it has opened.
func openRegular(fsys fs.FS, name string) (fs.File, fs.FileInfo, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, nil, err // names the file
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s: %w (%s)", name, ErrNotRegular, info.Mode().Type())
	}
	file, err := fsys.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err = file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: %w (%s)", name, ErrNotRegular, info.Mode().Type())
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

// aligned returns n zero bytes at an address that is a multiple of alignment.
func aligned(n int) []byte {
	buf := make([]byte, n+alignment)
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(buf))) % alignment
	return buf[skip : int(skip)+n : int(skip)+n]
}

// Name is the name the file was opened by.
func (f *File) Name() string { return f.name }

// Bytes is the whole file: not nil, even of an empty file. It must not be
// written to (a write to a mapping ends the process) and is valid until Close,
// after which Bytes returns nil.
func (f *File) Bytes() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.data
}

// Mapped reports whether the bytes are a mapping rather than a copy.
func (f *File) Mapped() bool { return f.disk != nil }

// Close ends the mapping. Closing twice is harmless.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	data := f.data
	f.data = nil
	if data == nil || f.disk == nil {
		return nil
	}
	return errors.Join(munmap(data), f.disk.Close())
}

// ReadFile reads a small file such as config.json. It opens regular files only
// and returns ErrTooLarge for one of more than limit bytes.
func ReadFile(fsys fs.FS, name string, limit int64) ([]byte, error) {
	file, info, err := openRegular(fsys, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info.Size() > limit {
		return nil, fmt.Errorf("%s: %w: %d bytes, at most %d are read", name, ErrTooLarge, info.Size(), limit)
	}
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(data)) > limit { // Stat does not know the size, or it grew
		return nil, fmt.Errorf("%s: %w: more than %d bytes", name, ErrTooLarge, limit)
	}
	return data, nil
}

// Release tells the system that the elements of s will not be read for a while:
// where they lie in the mapping of f, whole pages among them are dropped from
// memory and read from disk when they are needed again. It does nothing for
// elements elsewhere.
func Release[T any](f *File, s []T) {
	if len(s) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	at, n := uintptr(unsafe.Pointer(&s[0])), uintptr(len(s))*unsafe.Sizeof(s[0])
	if f.disk == nil || f.data == nil || at < f.base || at-f.base+n > f.size {
		return
	}
	page := uintptr(os.Getpagesize())
	first, end := (at-f.base+page-1)/page*page, (at-f.base+n)/page*page
	if first < end {
		_ = release(f.data[first:end]) // advice: not taking it does no harm
	}
}
