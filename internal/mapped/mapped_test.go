package mapped_test

import (
	"bytes"
	"embed"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/mapped"
)

//go:embed mapped_test.go
var embedded embed.FS

// pattern returns n bytes without a period of a power of two.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i % 251)
	}
	return b
}

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
}

func TestOpenGivesTheBytes(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []int{0, 1, 63, 64, 4095, 4096, 4097, 100_003} {
		want := pattern(n)
		write(t, dir, "f", want)
		root, err := os.OpenRoot(dir)
		require.NoError(t, err)
		defer root.Close()
		for kind, fsys := range map[string]fs.FS{
			"dir":    os.DirFS(dir),
			"root":   root.FS(),
			"memory": fstest.MapFS{"f": {Data: want}},
		} {
			for how, open := range map[string]func(fs.FS, string) (*mapped.File, error){"open": mapped.Open, "copy": mapped.Copy} {
				f, err := open(fsys, "f")
				require.NoError(t, err, "%s %s", kind, how)
				require.NotNil(t, f.Bytes())
				require.True(t, bytes.Equal(want, f.Bytes()), "%s %s", kind, how)
				require.Equal(t, "f", f.Name())
				require.Equal(t, canMap && n > 0 && how == "open" && kind != "memory", f.Mapped(), "%s %s", kind, how)
				require.Zero(t, uintptr(unsafe.Pointer(unsafe.SliceData(f.Bytes())))%64, "%s %s is not aligned", kind, how)
				require.NoError(t, f.Close())
				require.NoError(t, f.Close(), "closing twice")
				require.Nil(t, f.Bytes())
			}
		}
	}
}

func TestEmbedded(t *testing.T) {
	f, err := mapped.Open(embedded, "mapped_test.go")
	require.NoError(t, err)
	want, err := embedded.ReadFile("mapped_test.go")
	require.NoError(t, err)
	require.Equal(t, want, f.Bytes())
	require.False(t, f.Mapped())
}

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	fsys := os.DirFS(dir)
	for _, open := range []func(string) error{
		func(name string) error { _, err := mapped.Open(fsys, name); return err },
		func(name string) error { _, err := mapped.Copy(fsys, name); return err },
		func(name string) error { _, err := mapped.ReadFile(fsys, name, 10); return err },
	} {
		err := open("absent")
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, "absent")
		err = open("folder")
		require.ErrorIs(t, err, mapped.ErrNotRegular)
		require.ErrorContains(t, err, "folder")
		require.ErrorIs(t, open("../folder"), fs.ErrInvalid)
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "f", []byte("0123456789"))
	for _, fsys := range []fs.FS{os.DirFS(dir), fstest.MapFS{"f": {Data: []byte("0123456789")}}} {
		data, err := mapped.ReadFile(fsys, "f", 10)
		require.NoError(t, err)
		require.Equal(t, "0123456789", string(data))
		_, err = mapped.ReadFile(fsys, "f", 9)
		require.ErrorIs(t, err, mapped.ErrTooLarge)
		require.ErrorContains(t, err, "f: ")
	}
	pointer := "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
	_, err := mapped.ReadFile(fstest.MapFS{"config.json": {Data: []byte(pointer)}}, "config.json", 1000)
	require.ErrorIs(t, err, mapped.ErrPointer)
	require.ErrorContains(t, err, "config.json: a Git LFS pointer")
}

// liar is a file system with one file whose size differs from what Stat says.
type liar struct {
	size int64
	data []byte
}

func (l liar) Open(string) (fs.File, error) { return &liarFile{l.size, bytes.NewReader(l.data)}, nil }

type liarFile struct {
	size int64
	io.Reader
}

func (f *liarFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *liarFile) Close() error               { return nil }
func (f *liarFile) Name() string               { return "f" }
func (f *liarFile) Size() int64                { return f.size }
func (f *liarFile) Mode() fs.FileMode          { return 0o400 }
func (f *liarFile) ModTime() time.Time         { return time.Time{} }
func (f *liarFile) IsDir() bool                { return false }
func (f *liarFile) Sys() any                   { return nil }

func TestSizeThatIsNotTrue(t *testing.T) {
	for size, want := range map[int64]error{
		5:         nil,
		4:         mapped.ErrFault,
		6:         mapped.ErrFault,
		0:         mapped.ErrFault,
		-1:        mapped.ErrTooLarge,
		1 << 43:   mapped.ErrTooLarge,
		1<<63 - 1: mapped.ErrTooLarge,
	} {
		_, err := mapped.Open(liar{size, []byte("12345")}, "f")
		require.ErrorIs(t, err, want, "size %d", size)
	}
	_, err := mapped.ReadFile(liar{0, []byte("12345")}, "f", 4)
	require.ErrorIs(t, err, mapped.ErrTooLarge)
	data, err := mapped.ReadFile(liar{0, []byte("12345")}, "f", 5)
	require.NoError(t, err)
	require.Equal(t, "12345", string(data))
}
