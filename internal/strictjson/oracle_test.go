package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// read reads any value as encoding/json does with UseNumber.
func read(r *Reader) any {
	switch r.Peek() {
	case '{':
		object := map[string]any{}
		for key := range r.Object() {
			object[key] = read(r)
		}
		return object
	case '[':
		list := []any{}
		for range r.Array() {
			list = append(list, read(r))
		}
		return list
	case '"':
		return r.Text()
	case 't', 'f':
		return r.Bool()
	case 'n':
		r.Null()
		return nil
	case '0':
		return json.Number(r.Number())
	}
	r.Skip()
	return nil
}

func readAll(r *Reader) (any, error) {
	v := read(r)
	return v, r.End()
}

// oracle is what encoding/json reads.
func oracle(t testing.TB, text []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	return v
}

// same compares two errors of one text.
func same(t testing.TB, want, got error) {
	t.Helper()
	if want == nil {
		require.NoError(t, got)
		return
	}
	require.EqualError(t, got, want.Error())
	var a, b *Error
	require.ErrorAs(t, want, &a)
	require.ErrorAs(t, got, &b)
	require.Equal(t, a.Line, b.Line)
}

// check holds every way to read a text against encoding/json.
func check(t testing.TB, text []byte) {
	t.Helper()
	got, err := readAll(New(text))
	if err != nil {
		var e *Error
		require.ErrorAs(t, err, &e)
		require.LessOrEqual(t, e.Offset, int64(len(text)))
		require.Equal(t, 1+bytes.Count(text[:e.Offset], []byte("\n")), e.Line)
		named := errors.Is(err, errTwice) || errors.Is(err, errUTF8) || errors.Is(err, errSurrogate) || strings.Contains(err.Error(), "nested deeper")
		require.True(t, named || !json.Valid(text), "%q: %v", text, err)
	} else {
		require.True(t, json.Valid(text))
		require.Equal(t, oracle(t, text), got)
	}

	shared := New(text)
	shared.ShareText = true
	again, e := readAll(shared)
	same(t, err, e)
	if err == nil {
		require.Equal(t, got, again)
	}

	skip := New(text)
	skip.Skip()
	if e = skip.End(); !errors.Is(err, errTwice) {
		require.Equal(t, err == nil, e == nil, "%q: read %v, skipped %v", text, err, e)
	}
	if e == nil {
		s := NewStream(iotest.OneByteReader(bytes.NewReader(text)))
		s.Skip()
		require.NoError(t, s.End())
		require.Equal(t, int64(len(text)), s.Offset())
	}

	lenient := New(text)
	lenient.LoneSurrogates = true
	lone, e := readAll(lenient)
	if err == nil || errors.Is(err, errSurrogate) && e == nil {
		require.NoError(t, e)
		require.Equal(t, oracle(t, text), lone)
	}

	if errors.Is(err, errUTF8) {
		return // a stream meets it later, or another error before
	}
	for _, src := range []func() *Reader{
		func() *Reader { return NewStream(bytes.NewReader(text)) },
		func() *Reader { return NewStream(iotest.OneByteReader(bytes.NewReader(text))) },
		func() *Reader { return NewStream(iotest.DataErrReader(bytes.NewReader(text))) },
	} {
		v, e := readAll(src())
		same(t, err, e)
		if err == nil {
			require.Equal(t, got, v)
		}
	}
}

// Texts of every kind: the first list is JSON, the second is not, the third is
// JSON that is refused.
func TestOracle(t *testing.T) {
	for _, text := range accepted {
		_, err := readAll(New([]byte(text)))
		require.NoError(t, err, "%q", text)
		check(t, []byte(text))
	}
	for _, text := range broken {
		require.False(t, json.Valid([]byte(text)), "%q", text)
		_, err := readAll(New([]byte(text)))
		require.Error(t, err, "%q", text)
		check(t, []byte(text))
	}
	for _, text := range strict {
		require.True(t, json.Valid([]byte(text)), "%q", text)
		_, err := readAll(New([]byte(text)))
		require.Error(t, err, "%q", text)
		check(t, []byte(text))
	}
}

// A text that is cut off anywhere is refused, and one byte changed never
// panics.
func TestEveryCutAndFlip(t *testing.T) {
	text := []byte(`{"a":[1,-2.5e+3,"é\u00e9\ud83d\ude00\n",true,false,null,{}], "b" : {"c":[]}}`)
	for n := range text {
		_, err := readAll(New(text[:n]))
		require.Error(t, err)
		check(t, text[:n])
		for bit := range 8 {
			flipped := bytes.Clone(text)
			flipped[n] ^= 1 << bit
			check(t, flipped)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, list := range [][]string{accepted, broken, strict} {
		for _, text := range list {
			if len(text) < 500 { // long seeds take the fuzzer long to minimise
				f.Add([]byte(text))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) { check(t, text) })
}

var accepted = []string{
	`{}`, `[]`, `""`, `0`, `-0`, `true`, `false`, `null`, " \t\r\n1 \n", `[[]   ]`, `[""]`, `[1,null,2]`, "[1\n]", `[ 4]`,
	`{"":0}`, `{"a":{"a":{"a":{}}}}`, `{"a":1,"A":2}`, `{"foo\u0000bar":42}`, `{"x":[{"id":"x"}],"id":"x"}`, "{\n\"a\": \"b\"\n}",
	`1`, `12`, `-1`, `1.0`, `0.5`, `1e1`, `1E1`, `1e+1`, `1e-1`, `123.456e78`, `1.5E+2`, `0e+1`, `0e1`, `-123`, `20e1`, `123e65`,
	`1234567890123456789012345678901234567890`, `-0.000000000000000000000000000000000000000000000000000000000000000000000000000001`, `1e99999`,
	`"\""`, `"\\"`, `"\/"`, `"\b\f\n\r\t"`, `"\u0060\u012a\u12AB"`, `"\uD801\udc37"`, `"\ud83d\ude39\ud83d\udc8d"`, `"\\u0000"`, `"\\a"`, `"\u0000"`,
	`"\uFFFF"`, `"\uDBFF\uDFFF"`, `"\u2028\u2029"`, `"\ufffd"`, "\"\u2028\u2029\"", "\"\x7f\"", "\"€𝄞\"", "\"\ufdd0\U0010ffff\"", `"new\u000Aline"`, `" "`,
	`"a/*b*/c/*d//e"`, "\"\ufeff\"", strings.Repeat("[", 64) + strings.Repeat("]", 64), strings.Repeat(`{"a":`, 63) + "{}" + strings.Repeat("}", 63),
	`{"0":0,"1":1,"2":2,"3":3,"4":4,"5":5,"6":6,"7":7,"8":8,"9":9,"10":0,"11":1,"12":2,"13":3,"14":4,"15":5,"16":6,"17":7,"18":8}`,
	`"` + strings.Repeat("long ", 30000) + `"`, `["` + strings.Repeat(`\u00e9`, 20000) + `"]`, strings.Repeat(" ", 70000) + "1",
}

var broken = []string{
	``, ` `, "\ufeff", "\ufeff{}", `{`, `[`, `]`, `}`, `"`, `,`, `:`, `[,`, `{,`, `{]`, `[}`, `{}}`, `[]]`, `1 2`, `1]`, `[] x`, `{} {}`, "[]\x00", "\x00", "[\x0b1]", "[\x0c]", "[\u00a0]", "[\u2060]",
	`[1 true]`, `[1,]`, `[1,,2]`, `[,1]`, `[1,`, `[1`, `["a"`, `["a`, `[1:2]`, `["x"]]`, `["",]`, `[x`, `[*]`, `[1,1}`, `[,]`, `[<null>]`,
	`{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a":1 "b":2}`, `{"a" 1}`, `{"a"::1}`, `{"a":1,,"b":2}`, `{,"a":1}`, `{a:1}`, `{'a':1}`, `{1:1}`, `{null:1}`, `{[]:1}`, `{"a","b"}`, `{"a":1]`, `{"a":}`, `{"a":"b"}#`, `{"a":"b"}/**/`, `{"a":/*c*/1}`, `{"a":1;}`,
	`01`, `-01`, `+1`, `-`, `--1`, `1.`, `.5`, `-.5`, `1.e1`, `1e`, `1E+`, `1e1.5`, `1.2.3`, `1+2`, `0x1`, `0X1`, `1_000`, `1 000`, `NaN`, `nan`, `Infinity`, `-Infinity`, `Inf`, `1eE2`, `0e`, `0.e1`, `-2.`, `2.e+3`, `1a`, `1ea`, `-foo`, `１`, `++1`, `0.1.2`, `0.3e+`, `9.e+`, `-1x`, `1/2`, `1,5`,
	`tru`, `True`, `TRUE`, `truex`, `fals`, `nul`, `nulL`, `None`, `undefined`, `t`, `f`, `n`, `abc`, `'a'`, "`a`", `\u0061`, `[nul]`, `{"a":tru}`,
	`"\x41"`, `"\a"`, `"\v"`, `"\0"`, `"\'"`, `"\`, `"\"`, `"\\\"`, `"\u"`, `"\u1"`, `"\u12"`, `"\u123"`, `"\u123g"`, `"\u 123"`, `"\u+123"`, `"\U0041"`, `"\uD800\u"`, `"\uD800\u1"`, `"\uD800\u1x"`, `"\uD800\`, `"\ud83d`, `"\u00A"`,
	"\"\n\"", "\"\t\"", "\"\x00\"", "\"\x1f\"", "\"a\\\n\"", "\"\\\xc3\xa9\"", `"x`, `"a"b`, `""x`, `//`, `/**/1`, `#1`, "1\x00", "\xff", "[\xc3]", `<!-- -->`,
}

var strict = []string{
	`{"a":1,"a":1}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":1}`, `[{"b":{"a":1,"c":2,"a":3}}]`, `{"":1,"":1}`, `{"\u00e9":1,"é":1}`,
	`{"0":0,"1":1,"2":2,"3":3,"4":4,"5":5,"6":6,"7":7,"8":8,"9":9,"10":0,"11":1,"12":2,"13":3,"14":4,"15":5,"16":6,"17":7,"17":8}`,
	`"\ud800"`, `"\uD800\n"`, `"\uD800\uD800"`, `"\uD800\u0041"`, `"\udc00"`, `"\uDd1e\uD834"`, `"\uD800abc"`, `{"\ud800":1}`, `"\ud800\ud800\udc00"`,
	"\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", "{\"\xff\":1}", "[\"a\",\n\"b\xe9\"]",
	strings.Repeat("[", 65) + strings.Repeat("]", 65), strings.Repeat(`{"a":`, 64) + "{}" + strings.Repeat("}", 64), strings.Repeat("[", 1000) + strings.Repeat("]", 1000),
}
