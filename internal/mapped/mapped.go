// Package mapped returns the bytes of a file of an fs.FS, read-only, and
// without copying if the operating system can map the file.
//
//	f, err := mapped.Open(os.DirFS(dir), "model.safetensors")
//	if err != nil { ... }
//	defer f.Close()
//	err = mapped.Guard(func() error { return use(f.Bytes()) }, f)
//
// A file on disk may shrink or be rewritten under a mapping. A read then causes
// a memory fault or returns other bytes. [Guard] turns both into [ErrFault].
// All code that reads mapped bytes runs under it.
//
// # Concurrency
//
// Any number of goroutines may read a [File]. Close must not overlap with reads
// of its bytes. Guard protects the goroutine that it runs on. A goroutine that
// its function starts must call debug.SetPanicOnFault(true) itself and pass on
// its panic value (internal/par does both).
//
// # Memory
//
// A mapping takes no heap: its pages belong to the page cache, all processes
// share them, and the system can drop them. A file that is not mapped is copied
// once, to an address that is a multiple of 64.
//
// # Errors
//
// Errors name the file. They wrap [ErrNotRegular], [ErrTooLarge], [ErrPointer],
// [ErrFault] or the error of the file system, such as fs.ErrNotExist.
package mapped

import (
	"bytes"
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
	// ErrNotRegular means that a name is a directory, a pipe, a socket or a
	// device.
	ErrNotRegular = errors.New("not a regular file")
	// ErrFault means that a file changed or shrank while it was in use.
	ErrFault = errors.New("file changed or truncated while in use")
	// ErrTooLarge means that a file exceeds a limit or the address space.
	ErrTooLarge = errors.New("file too large")
	// ErrPointer means that ReadFile found a Git LFS pointer in place of the
	// file.
	ErrPointer = errors.New("a Git LFS pointer, not the file itself: fetch it with git lfs pull")
)

// alignment of a copy, in bytes: a cache line, and the widest vector load.
const alignment = 64

// maxSize bounds the size of a file, in bytes. It exceeds any checkpoint and
// stops a file system with a false size from exceeding the address space.
const maxSize = min(1<<42, math.MaxInt-alignment)

// File is an open file whose bytes are in memory. Whoever opens it closes it.
type File struct {
	name string
	disk *os.File    // of a mapping: kept open to see changes; otherwise nil
	info fs.FileInfo // of a mapping: as it was when opened
	base uintptr     // of a mapping: address of the first byte
	size uintptr     // of a mapping: length in bytes

	mu   sync.Mutex
	data []byte // nil once closed
}

// Open opens the named file. It maps the file if the system is a Unix and fsys
// opens real files (*os.File, as os.DirFS and os.Root do), and otherwise does
// as [Copy]. It follows the links that fsys follows. It opens regular files
// only; it refuses a pipe before opening it could block.
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

// openRegular checks the type of a file, opens it, and checks the type of what
// it opened.
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

// Name returns the name with which the file was opened.
func (f *File) Name() string { return f.name }

// Bytes returns the whole file, not nil even if the file is empty. The bytes
// must not be written (a write to a mapping ends the process) and are valid
// until Close. After Close, Bytes returns nil.
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
// and returns ErrTooLarge for a file of more than limit bytes, ErrPointer for a
// Git LFS pointer.
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
	if int64(len(data)) > limit { // Stat did not know the size, or the file grew
		return nil, fmt.Errorf("%s: %w: more than %d bytes", name, ErrTooLarge, limit)
	}
	if bytes.HasPrefix(data, []byte("version https://git-lfs")) {
		return nil, fmt.Errorf("%s: %w", name, ErrPointer)
	}
	return data, nil
}

// Release tells the system that the elements of s will not be read for a while.
// If they are in the mapping of f, whole pages of them leave memory and are
// read from disk when needed again. Release does nothing for elements
// elsewhere.
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
		_ = release(f.data[first:end]) // only advice: an error does no harm
	}
}
