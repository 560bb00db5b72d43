package safetensors

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// join makes a file of a header and size zero bytes of data.
func join(header string, size int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, size)...)
}

// u8 is the header's member for a U8 tensor of n bytes at an offset.
func u8(name string, at, n int) string {
	return fmt.Sprintf(`%q:{"dtype":"U8","shape":[%d],"data_offsets":[%d,%d]}`, name, n, at, at+n)
}

// entry8 describes an F32 tensor "a" of 8 bytes with fields replaced.
func entry8(dtype, shape, offsets string) string {
	return `{"a":{"dtype":` + dtype + `,"shape":` + shape + `,"data_offsets":` + offsets + `}}`
}

func TestHeaders(t *testing.T) {
	long := strings.Repeat("n", maxName)
	for _, c := range []struct {
		header string
		size   int
		want   string // part of the error, empty if valid
	}{
		{`{}`, 0, ""},
		{`{ }  ` + "\r\n\t ", 0, ""},
		{`{}`, 1, "1 bytes after the last tensor"},
		{"{" + u8("a", 0, 1) + "}", 1, ""},
		{"{\n \t" + u8("a", 0, 1) + " ,\r\n " + u8("b", 1, 2) + "\n}", 3, ""},
		{"{" + u8("a", 0, 1) + ",}", 1, "want a key"},
		{"{" + u8("a", 0, 1) + u8("b", 1, 1) + "}", 2, "want ',' or '}'"},
		{"{" + u8("a", 0, 1), 1, "unexpected end"},
		{"{" + u8("a", 0, 1) + "}\x00", 1, "want the end"},
		{"{" + u8("a", 0, 1) + "}{}", 1, "want the end"},
		{" \t\r\n{" + u8("a", 0, 1) + "}", 1, ""},
		{"\v{" + u8("a", 0, 1) + "}", 1, "want an object"},
		{"\ufeff{" + u8("a", 0, 1) + "}", 1, "byte order mark"},
		{"", 0, "unexpected end"},
		{" ", 0, "unexpected end"},
		{"[]", 0, "want an object"},

		// keys
		{"{" + u8("a", 0, 1) + "," + u8("a", 1, 1) + "}", 2, `key "a" occurs twice`},
		{`{"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},` + u8("a", 1, 1) + "}", 2, `key "a" occurs twice`},
		{"{" + u8("a", 0, 1) + "," + u8("A", 1, 1) + "}", 2, `keys "a" and "A" differ only in case`},
		{"{" + u8("k", 0, 1) + "," + u8("\u212a", 1, 1) + "}", 2, "differ only in case"},
		{"{" + u8("ſ", 0, 1) + "," + u8("S", 1, 1) + "}", 2, "differ only in case"},
		{`{"__metadata__":{},"__METADATA__":{}}`, 0, "differ only in case"},
		{`{"__metadata__":{},"__metadata__":{}}`, 0, `"__metadata__" occurs twice`},
		{`{"__METADATA__":{}}`, 0, "__METADATA__.dtype: the key is missing"},
		{`{"__metadata__":{"a":"1","A":"2"}}`, 0, ""},
		{`{"__metadata__":{"a":"1","a":"2"}}`, 0, "__metadata__.a: the key occurs twice"},
		{`{"__metadata__":null}`, 0, ""},
		{`{"__metadata__":null,` + u8("a", 0, 1) + "}", 1, ""},
		{`{"__metadata__":null,"__metadata__":null}`, 0, "occurs twice"},
		{`{"__metadata__":{"k":null}}`, 0, "__metadata__.k: want a string"},
		{`{"__metadata__":[]}`, 0, "__metadata__: want an object"},
		{`{"__metadata__":false}`, 0, "__metadata__: want an object"},
		{`{"__metadata__":nul}`, 0, "__metadata__"},
		{`{"a":null}`, 0, "a: want an object"},
		{`{"a":{"dtype":"U8","Dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1, "a.Dtype: unknown key"},
		{`{"a":{"DTYPE":"U8","shape":[1],"data_offsets":[0,1]}}`, 1, "a.DTYPE: unknown key"},
		{`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"note":"x"}}`, 1, ""},
		{`{"a":{"strides":[1,null,{"b":[-1.5e3]}],"dtype":"U8","shape":[1],"data_offsets":[0,1],"":true}}`, 1, ""},
		{`{"a":{"dtype":"U8","shape":[1],"note":3}}`, 1, "a.data_offsets: the key is missing"},
		{`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"note":nan}}`, 1, "a.note"},
		{`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"note":` + strings.Repeat("[", 1e5) + "}}", 1, "nested deeper"},
		{"{" + u8(long, 0, 1) + "}", 1, ""},
		{"{" + u8(long+"n", 0, 1) + "}", 1, "more than 512 bytes"},
		{`{"` + strings.Repeat(`\u006e`, maxName) + u8("", 0, 1)[1:] + "}", 1, ""},
		{`{"` + strings.Repeat(`\u00e9`, maxName/2+1) + u8("", 0, 1)[1:] + "}", 1, "more than 512 bytes"},

		// strings
		{`{"a\`, 0, "the end of an escape"},
		{`{"a\"`, 0, "the end of a string"},
		{`{"\ud83d\ude00` + u8("", 0, 1)[1:] + "}", 1, ""},
		{`{"\ud83d` + u8("", 0, 1)[1:] + "}", 1, "lone surrogate"},
		{`{"\ud83dx\ude00` + u8("", 0, 1)[1:] + "}", 1, "lone surrogate"},
		{`{"\ude00\ud83d` + u8("", 0, 1)[1:] + "}", 1, "lone surrogate"},
		{`{"\ud83d\u0041` + u8("", 0, 1)[1:] + "}", 1, "lone surrogate"},
		{`{"\u12` + u8("", 0, 1)[1:] + "}", 1, "bad escape"},
		{`{"\u00g0` + u8("", 0, 1)[1:] + "}", 1, "bad escape"},
		{`{"\x` + u8("", 0, 1)[1:] + "}", 1, "bad escape"},
		{"{\"a\n" + u8("", 0, 1)[1:] + "}", 1, "control character"},
		{"{\"a\\\n" + u8("", 0, 1)[1:] + "}", 1, "bad escape"},
		{"{\"\xff" + u8("", 0, 1)[1:] + "}", 1, "not valid UTF-8"},
		{"{'a'" + u8("", 0, 1)[2:] + "}", 1, "want a key"},

		// numbers
		{entry8(`"F32"`, `[2]`, `[0,8]`), 8, ""},
		{entry8(`"F32"`, `[ 2 ]`, "[\n0 ,\t8 ]"), 8, ""},
		{entry8(`"F32"`, `[02]`, `[0,8]`), 8, "a.shape[0]: want a number, found 02"},
		{entry8(`"F32"`, `[2]`, `[00,8]`), 8, "a.data_offsets[0]: want a number, found 00"},
		{entry8(`"F32"`, `[+2]`, `[0,8]`), 8, "a.shape"},
		{entry8(`"F32"`, `[2e0]`, `[0,8]`), 8, "a.shape"},
		{entry8(`"F32"`, `[2,]`, `[0,8]`), 8, "a.shape"},
		{entry8(`"F32"`, `[true]`, `[0,8]`), 8, "a.shape"},
		{entry8(`"F32"`, `null`, `[0,8]`), 8, "a.shape"},
		{entry8(`"F32"`, `[18446744073709551615]`, `[0,8]`), 8, "a.shape[0]: 18446744073709551615 is not a whole number"},
		{entry8(`"F32"`, `[18446744073709551616]`, `[0,8]`), 8, "is not a whole number"},
		{entry8(`"F32"`, `[`+strings.Repeat("9", 5000)+`]`, `[0,8]`), 8, "is not a whole number"},
		{entry8(`"F32"`, `[2]`, `[0,18446744073709551615]`), 8, "a.data_offsets[1]: "},
		{entry8(`"F32"`, `[4611686018427387903]`, `[0,8]`), 8, ": a: "},
		{entry8(`"F32"`, `[2305843009213693952,8]`, `[0,0]`), 0, ": a: "},
		{entry8(`"F32"`, `[0,2147483647,2147483647]`, `[0,0]`), 0, ""},
		{entry8(`"F32"`, `[2]`, `[0]`), 8, "1 numbers instead of 2"},
		{entry8(`"F32"`, `[2]`, `[]`), 8, "0 numbers instead of 2"},
		{entry8(`"F32"`, `[1,1,1,1,1,1,1,2]`, `[0,8]`), 8, ""},
		{entry8(`"F32"`, `[1,1,1,1,1,1,1,1,2]`, `[0,8]`), 8, "more than 8 numbers"},
		{entry8(`""`, `[2]`, `[0,8]`), 8, `unknown type ""`},

		// every type, and those that do not fill bytes
		{entry8(`"F4"`, `[16]`, `[0,8]`), 8, ""},
		{entry8(`"F4"`, `[15]`, `[0,8]`), 8, "whole bytes"},
		{entry8(`"F6_E2M3"`, `[4]`, `[0,3]`), 3, ""},
		{entry8(`"F6_E3M2"`, `[3]`, `[0,3]`), 3, "whole bytes"},
		{entry8(`"C64"`, `[]`, `[0,8]`), 8, ""},
		{entry8(`"BOOL"`, `[8]`, `[0,8]`), 8, ""},

		// tensors without elements are at a border
		{`{"z":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},` + u8("a", 0, 1) + "}", 1, ""},
		{`{"z":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},` + u8("a", 0, 2) + "}", 2, "overlap"},
		{`{"z":{"dtype":"U8","shape":[0],"data_offsets":[9,9]},` + u8("a", 0, 2) + "}", 2, `tensor "z"`},
	} {
		f, err := Parse(join(c.header, c.size), "f.safetensors")
		if c.want == "" {
			require.NoError(t, err, "%.200s", c.header)
			useAll(t, f)
			continue
		}
		require.ErrorIs(t, err, ErrFormat, "%.200s", c.header)
		require.ErrorContains(t, err, c.want, "%.200s", c.header)
		require.ErrorContains(t, err, "f.safetensors")
		require.Less(t, len(err.Error()), 1000)
	}
}

func TestLimits(t *testing.T) {
	var b strings.Builder
	for i := range maxTensors + 1 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(u8(fmt.Sprint("tensor", i), i, 1))
	}
	_, err := Parse(join("{"+b.String()+"}", maxTensors+1), "f")
	require.ErrorContains(t, err, "more than 100000 tensors")

	long := strings.Repeat("x", maxMetadata)
	_, err = Parse(join(`{"__metadata__":{"k":"`+long+`"}}`, 0), "f")
	require.ErrorContains(t, err, "__metadata__.k: ")
	_, err = Parse(join(`{"__metadata__":{"k":"`+long[:maxMetadata-65]+`"}}`, 0), "f")
	require.NoError(t, err)
	b.Reset()
	for i := range maxSkipped + 1 {
		fmt.Fprintf(&b, `"%d":0,`, i)
	}
	_, err = Parse(join(`{"a":{`+b.String()+`"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), "f")
	require.ErrorContains(t, err, "more than 100 unknown fields")
	b.Reset()
	for i := range 300_000 {
		fmt.Fprintf(&b, `"%d":"",`, i)
	}
	_, err = Parse(join(`{"__metadata__":{`+b.String()+`"":""}}`, 0), "f")
	require.ErrorContains(t, err, "more than 16777216 bytes")
}

// The cost of refusing a header does not grow with its length.
func TestHostileHeadersStayCheap(t *testing.T) {
	header := make([]byte, 20_000_000)
	for name, fill := range map[string]func(){
		"one name":   func() { copy(header, `{"`) },
		"one number": func() { copy(header, `{"a":{"shape":[1`); fillFrom(header, 16, '1') },
		"brackets":   func() { copy(header, `{"a":{"shape":[`); fillFrom(header, 15, '[') },
		"escapes":    func() { copy(header, `{"`); fillFrom(header, 2, '\\') },
		"metadata":   func() { copy(header, `{"__metadata__":{"k":"`) },
		"key":        func() { copy(header, `{"__metadata__":{"`) },
	} {
		fillFrom(header, 0, 'x')
		fill()
		header[len(header)-1] = '"'
		file := join(string(header), 0)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Parse(file, "f")
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, err, ErrFormat, name)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), name)
	}
}

func fillFrom(b []byte, start int, c byte) {
	for i := start; i < len(b); i++ {
		b[i] = c
	}
}

// tiny is a file with every part of the format.
func tiny(t testing.TB) []byte {
	t.Helper()
	var b strings.Builder
	require.NoError(t, Write(&b, []Tensor{
		New("w", BF16, []int{2, 2}, []byte{1, 2, 3, 4, 5, 6, 7, 8}),
		New("b", F32, []int{1}, []byte{0, 0, 128, 63}),
		New("é\n", "I8", nil, []byte{9}),
	}, map[string]string{"format": "pt"}))
	return []byte(b.String())
}

func TestEveryTruncation(t *testing.T) {
	file := tiny(t)
	_, err := Parse(file, "f")
	require.NoError(t, err)
	for n := range file {
		_, err := Parse(file[:n:n], "f")
		require.ErrorIs(t, err, ErrFormat, "cut at %d", n)
	}
	_, err = Parse(append(file, 0), "f")
	require.ErrorIs(t, err, ErrFormat, "one byte more")
}

func TestEveryBitFlip(t *testing.T) {
	file := tiny(t)
	accepted := 0
	end := 8 + int(binary.LittleEndian.Uint64(file))
	for i := range end {
		for bit := range 8 {
			file[i] ^= 1 << bit
			f, err := Parse(file, "f")
			if err != nil {
				require.ErrorIs(t, err, ErrFormat)
			} else {
				accepted++ // another name, say
				useAll(t, f)
			}
			file[i] ^= 1 << bit
		}
	}
	require.Less(t, accepted, end*8/4, "most flips are noticed")
	require.Positive(t, accepted)
}
