package safetensors

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
)

// rewrite writes the tensors of a file, in the order of their names.
func rewrite(t testing.TB, f *File) []byte {
	t.Helper()
	var tensors []Tensor
	for _, name := range f.Names() {
		w, _ := f.Tensor(name)
		tensors = append(tensors, w)
	}
	var out bytes.Buffer
	require.NoError(t, Write(&out, tensors, f.Metadata()))
	return out.Bytes()
}

// Every file that the Python library wrote is rewritten with the same bytes.
func TestRewriteFixtures(t *testing.T) {
	roots, least := []string{shared.Path(t, "fixtures")}, 7
	if shared.Whole(t) {
		roots, least = append(roots, shared.Path(t, "models")), 80
	}
	same := 0
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && d.Name() == "malformed" {
				return fs.SkipDir
			}
			if filepath.Ext(path) != ".safetensors" {
				return nil
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			f, err := Parse(want, path)
			require.NoError(t, err)
			got := rewrite(t, f)
			if len(f.Metadata()) > 1 { // the Python library leaves their order to chance
				require.Len(t, got, len(want), path)
				again, err := Parse(got, path)
				require.NoError(t, err)
				require.Equal(t, f.Metadata(), again.Metadata())
				_, a, _ := split(want)
				_, b, _ := split(got)
				require.True(t, bytes.Equal(a, b), "%s: data", path)
				return nil
			}
			require.True(t, bytes.Equal(want, got), "%s is not reproduced", path)
			same++
			return nil
		})
		require.NoError(t, err)
	}
	require.GreaterOrEqual(t, same, least)
}

func TestRewriteOwnFixture(t *testing.T) {
	want, err := os.ReadFile("testdata/head_final.safetensors")
	require.NoError(t, err)
	f, err := Parse(want, "head_final.safetensors")
	require.NoError(t, err)
	require.Equal(t, []string{"score.bias", "score.weight"}, f.Names())
	require.Equal(t, want, rewrite(t, f))
}

func TestWriteBytes(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, Write(&out, []Tensor{
		New("c", "U8", []int{3}, []byte("xyz")),
		New("b", F16, []int{1, 1}, []byte("hh")),
		New("d", BF16, []int{1}, []byte("bb")),
		New("f", F32, nil, []byte("ffff")),
		New("a", F16, []int{0}, nil),
		New("q\"\\\x01\t\u007fé", "I64", []int{1}, []byte("iiiiiiii")),
	}, map[string]string{"z": "", "a": "\n"}))
	header, data, err := split(out.Bytes())
	require.NoError(t, err)
	require.Equal(t, `{"__metadata__":{"a":"\n","z":""},`+
		`"q\"\\\u0001\t`+"\u007fé"+`":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},`+
		`"f":{"dtype":"F32","shape":[],"data_offsets":[8,12]},`+
		`"d":{"dtype":"BF16","shape":[1],"data_offsets":[12,14]},`+
		`"a":{"dtype":"F16","shape":[0],"data_offsets":[14,14]},`+
		`"b":{"dtype":"F16","shape":[1,1],"data_offsets":[14,16]},`+
		`"c":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}}`, strings.TrimRight(string(header), " "))
	require.Zero(t, len(header)%8)
	require.Equal(t, "iiiiiiiiffffbbhhxyz", string(data))

	out.Reset()
	require.NoError(t, Write(&out, nil, nil))
	require.Equal(t, "\x08\x00\x00\x00\x00\x00\x00\x00{}      ", out.String())
	f, err := Parse(out.Bytes(), "f")
	require.NoError(t, err)
	require.Nil(t, f.Metadata())
	require.Empty(t, f.Names())
	require.Nil(t, f.Mapped())
	require.NoError(t, f.Close())
}

func TestWriteRefuses(t *testing.T) {
	one := []byte{1, 2, 3, 4}
	for want, tensors := range map[string][]Tensor{
		`key "a" occurs twice`:      {New("a", F32, []int{1}, one), New("a", F32, []int{1}, one)},
		`differ only in case`:       {New("a", F32, []int{1}, one), New("A", F32, []int{1}, one)},
		`unknown type "F33"`:        {New("a", "F33", []int{1}, one)},
		`takes 8 bytes`:             {New("a", F32, []int{2}, one)},
		`a.shape[0]`:                {New("a", F32, []int{-1, -1}, one)},
		`more than 8 numbers`:       {New("a", F32, make([]int, 9), nil)},
		`more than 512 bytes`:       {New(strings.Repeat("a", 513), F32, []int{1}, one)},
		`not valid UTF-8`:           {New("\xff", F32, []int{1}, one)},
		`key "__metadata__" occurs`: {New("__metadata__", F32, []int{1}, one)},
	} {
		var out bytes.Buffer
		err := Write(&out, tensors, map[string]string{})
		require.ErrorIs(t, err, ErrFormat)
		require.ErrorContains(t, err, want)
		require.Zero(t, out.Len(), "nothing is written")
	}
	require.ErrorIs(t, Write(&bytes.Buffer{}, []Tensor{New("__metadata__", F32, []int{1}, one)}, nil), ErrFormat)
}

// full is a writer that takes n bytes.
type full int

func (f *full) Write(b []byte) (int, error) {
	if len(b) > int(*f) {
		return 0, fs.ErrPermission
	}
	*f -= full(len(b))
	return len(b), nil
}

func TestWriteErrors(t *testing.T) {
	tensors := []Tensor{New("a", F32, []int{1}, make([]byte, 4))}
	for room := range full(84) {
		left := room
		err := Write(&left, tensors, nil)
		if err == nil {
			require.EqualValues(t, 68, room)
			return
		}
		require.ErrorIs(t, err, fs.ErrPermission)
	}
	t.Fatal("never enough room")
}

// short is a writer that takes n bytes, then nothing, and reports no error.
type short int

func (s *short) Write(b []byte) (int, error) {
	n := min(len(b), int(*s))
	*s -= short(n)
	return n, nil
}

func TestShortWrite(t *testing.T) {
	tensors := []Tensor{New("a", F32, []int{1}, make([]byte, 4))}
	for room := range short(68) {
		left := room
		require.ErrorIs(t, Write(&left, tensors, nil), io.ErrShortWrite, "%d bytes", room)
	}
	left := short(68)
	require.NoError(t, Write(&left, tensors, nil))
}

// A file can be written in parts: the header first, then the data.
func TestHeader(t *testing.T) {
	tensors := []Tensor{{Name: "b", DType: BF16, Shape: []int{3}}, {Name: "a", DType: U32, Shape: []int{2, 1}}}
	for _, align := range []int{8, 64, 4096} {
		file, err := Header(tensors, map[string]string{"k": "v"}, align)
		require.NoError(t, err)
		require.Zero(t, len(file)%align)
		data := []byte("bbbbbb" + "aaaaAAAA")
		f, err := Parse(append(file, data...), "f")
		require.NoError(t, err)
		require.Equal(t, map[string]string{"k": "v"}, f.Metadata())
		require.Equal(t, []string{"a", "b"}, f.Names())
		a, _ := f.Tensor("a")
		require.Equal(t, "aaaaAAAA", string(a.Bytes()))
	}
	for _, bad := range []Tensor{{Name: "b", DType: "X9"}, {Name: "b", DType: BF16, Shape: []int{1 << 62, 8}}, {Name: "__metadata__", DType: BF16}} {
		_, err := Header([]Tensor{bad}, nil, 8)
		require.ErrorIs(t, err, ErrFormat)
	}
	_, err := Header([]Tensor{tensors[0], tensors[0]}, nil, 8)
	require.ErrorContains(t, err, "twice")
}
