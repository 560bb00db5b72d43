//go:build unix

package mapped_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"seccodeprm/internal/mapped"
	"seccodeprm/internal/par"
)

const canMap = true

func TestPipeDoesNotHang(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	require.NoError(t, os.Symlink("pipe", filepath.Join(dir, "link")))
	for _, name := range []string{"pipe", "link"} {
		_, err := mapped.Open(os.DirFS(dir), name)
		require.ErrorIs(t, err, mapped.ErrNotRegular)
		_, err = mapped.ReadFile(os.DirFS(dir), name, 10)
		require.ErrorIs(t, err, mapped.ErrNotRegular)
	}
}

// A hub cache has links from snapshots/ into blobs/.
func TestLinkOutOfTheFolder(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "blobs"), 0o700))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "snapshots"), 0o700))
	write(t, dir, "blobs/1", []byte("weights"))
	require.NoError(t, os.Symlink("../blobs/1", filepath.Join(dir, "snapshots", "f")))
	f, err := mapped.Open(os.DirFS(filepath.Join(dir, "snapshots")), "f")
	require.NoError(t, err)
	defer f.Close()
	require.Equal(t, "weights", string(f.Bytes()))
	require.True(t, f.Mapped())
}

// big opens a mapping of many pages and returns it with its path.
func big(t *testing.T) (*mapped.File, string) {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "weights", pattern(64*os.Getpagesize()))
	f, err := mapped.Open(os.DirFS(dir), "weights")
	require.NoError(t, err)
	require.True(t, f.Mapped())
	t.Cleanup(func() { f.Close() })
	return f, filepath.Join(dir, "weights")
}

var sink atomic.Int64 // prevents reads from being optimised away

func readAll(b []byte) {
	sum := 0
	for _, v := range b {
		sum += int(v)
	}
	sink.Add(int64(sum))
}

func TestTruncatedWhileRead(t *testing.T) {
	for range 100 {
		f, path := big(t)
		reading := make(chan struct{})
		go func() {
			<-reading
			os.Truncate(path, 100)
		}()
		err := mapped.Guard(func() error {
			close(reading)
			for {
				readAll(f.Bytes())
			}
		}, f)
		require.ErrorIs(t, err, mapped.ErrFault)
		require.ErrorContains(t, err, "weights")
		require.NoError(t, f.Close())
	}
}

func TestFaultInACopyRoutine(t *testing.T) {
	f, path := big(t)
	err := mapped.Guard(func() error {
		if err := os.Truncate(path, 0); err != nil {
			return err
		}
		copy(make([]byte, len(f.Bytes())), f.Bytes())
		return nil
	}, f)
	require.ErrorIs(t, err, mapped.ErrFault)
}

// A worker's fault reaches the guarded goroutine as a panic with its value.
func TestFaultOnAnotherGoroutine(t *testing.T) {
	f, path := big(t)
	err := mapped.Guard(func() error {
		if err := os.Truncate(path, 0); err != nil {
			return err
		}
		value := make(chan any)
		go func() {
			defer func() { value <- recover() }()
			debug.SetPanicOnFault(true)
			readAll(f.Bytes())
		}()
		panic(<-value)
	}, f)
	require.ErrorIs(t, err, mapped.ErrFault)
}

func TestFaultInTheWorkerPool(t *testing.T) {
	f, path := big(t)
	err := mapped.Guard(func() error {
		if err := os.Truncate(path, 0); err != nil {
			return err
		}
		page := os.Getpagesize()
		return par.Run(context.Background(), 4, 64, par.Func(func(_, i int) { readAll(f.Bytes()[i*page:][:page]) }))
	}, f)
	require.ErrorIs(t, err, mapped.ErrFault)
	require.NoError(t, par.Run(context.Background(), 4, 64, par.Func(func(_, i int) {})), "the pool goes on")
}

func TestChangedFile(t *testing.T) {
	later := time.Now().Add(time.Hour)
	for name, change := range map[string]func(path string) error{
		"shorter, within the page": func(path string) error { return os.Truncate(path, int64(64*os.Getpagesize()-1)) },
		"longer":                   func(path string) error { return os.Truncate(path, int64(64*os.Getpagesize()+1)) },
		"rewritten": func(path string) error {
			return errors.Join(os.WriteFile(path, make([]byte, 64*os.Getpagesize()), 0o600), os.Chtimes(path, later, later))
		},
	} {
		f, path := big(t)
		require.NoError(t, mapped.Guard(func() error { readAll(f.Bytes()); return nil }, f))
		err := mapped.Guard(func() error { return change(path) }, f)
		require.ErrorIs(t, err, mapped.ErrFault, name)
		require.ErrorContains(t, err, "weights", name)
		own := errors.New("own")
		err = mapped.Guard(func() error { return own }, f)
		require.ErrorIs(t, err, mapped.ErrFault, name)
		require.ErrorIs(t, err, own, name)
	}
}

// A new file under the old name leaves the mapping unchanged, as does an update
// of a hub cache.
func TestReplacedFile(t *testing.T) {
	f, path := big(t)
	write(t, filepath.Dir(path), "new", []byte("other"))
	require.NoError(t, os.Rename(filepath.Join(filepath.Dir(path), "new"), path))
	require.NoError(t, mapped.Guard(func() error { readAll(f.Bytes()); return nil }, f))
	require.Equal(t, pattern(64*os.Getpagesize()), f.Bytes())
}

func TestOtherPanicsGoOn(t *testing.T) {
	f, path := big(t)
	other, _ := big(t)
	memory, err := mapped.Open(fstest.MapFS{"m": {Data: []byte("x")}}, "m")
	require.NoError(t, err)

	require.PanicsWithValue(t, "own", func() { _ = mapped.Guard(func() error { panic("own") }, f) })
	require.Panics(t, func() {
		var p *[1 << 20]int
		_ = mapped.Guard(func() error { p[1<<19] = 1; return nil }, f, memory)
	})
	require.NoError(t, os.Truncate(path, 0))
	require.Panics(t, func() {
		_ = mapped.Guard(func() error { readAll(f.Bytes()); return nil }, other, memory)
	}, "a fault in a file that is not listed")
	defer func() {
		_, isRuntime := recover().(runtime.Error)
		require.True(t, isRuntime, "the value is kept")
	}()
	_ = mapped.Guard(func() error { readAll(f.Bytes()); return nil }, other)
}

func TestGuardKeepsErrorAndSetting(t *testing.T) {
	f, _ := big(t)
	own := errors.New("own")
	require.Equal(t, own, mapped.Guard(func() error { return own }, f))
	require.False(t, debug.SetPanicOnFault(false), "Guard restores the setting")
	require.NoError(t, mapped.Guard(func() error {
		require.True(t, debug.SetPanicOnFault(true))
		return mapped.Guard(func() error { return nil }, f)
	}))
	require.False(t, debug.SetPanicOnFault(false))
	require.NoError(t, f.Close())
	require.NoError(t, mapped.Guard(func() error { return nil }, f), "a closed file does not change")
}
