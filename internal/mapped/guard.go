package mapped

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Guard runs fn, which reads the bytes of files, and returns its error.
//
// If a read of a mapping of one of files faults, because the file was truncated
// or its disk fails, Guard returns [ErrFault] naming the file. It also does so
// if, after fn, the size or modification time of a file is no longer the one at
// Open: fn may have read zeros or a mixture of two files. The error of fn, if
// any, stays in the chain. All other panics continue.
//
// Guard recognises a fault on another goroutine if it arrives as a panic with
// the original runtime.Error.
func Guard(fn func() error, files ...*File) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		// The runtime's errors for a fault have a method Addr, see
		// debug.SetPanicOnFault.
		if fault, ok := v.(interface {
			runtime.Error
			Addr() uintptr
		}); ok {
			for _, f := range files {
				if f.holds(fault.Addr()) {
					err = fmt.Errorf("%s: %w: byte %d can no longer be read", f.name, ErrFault, fault.Addr()-f.base)
					return
				}
			}
		}
		panic(v)
	}()
	err = fn()
	for _, f := range files {
		if changed := f.changed(); changed != nil {
			if err != nil {
				return fmt.Errorf("%w (%w)", changed, err)
			}
			return changed
		}
	}
	return err
}

// holds reports whether an address is within the open mapping of f.
func (f *File) holds(addr uintptr) bool {
	return f.Mapped() && addr-f.base < f.size && f.Bytes() != nil
}

// changed returns ErrFault if the file under a mapping has changed. Its name
// may belong to another file by now, which does not matter.
func (f *File) changed() error {
	if !f.Mapped() || f.Bytes() == nil {
		return nil
	}
	info, err := f.disk.Stat()
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	if info.Size() != f.info.Size() {
		return fmt.Errorf("%s: %w: %d bytes, now %d", f.name, ErrFault, f.info.Size(), info.Size())
	}
	if !info.ModTime().Equal(f.info.ModTime()) {
		return fmt.Errorf("%s: %w: modified at %v", f.name, ErrFault, info.ModTime())
	}
	return nil
}
