package strictjson

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// An error names the offset, the line and the path, and says what is wrong.
func TestErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "offset 0: unexpected end, want an object"},
		{"\ufeff{}", "offset 0: want an object, found a byte order mark"},
		{"[]", "offset 0: want an object, found '['"},
		{"{é}", "offset 1: want a key, found 'é'"},
		{`{"a" 1}`, "offset 5: a: want ':', found '1'"},
		{`{"a":1 "b":2}`, `offset 7: a: want ',' or '}', found '"'`},
		{`{"a":[1 2]}`, "offset 8: a[0]: want ',' or ']', found '2'"},
		{`{"a":[1,2,{"x.y":[[nul]]}]}`, `offset 19: a[2]["x.y"][0][0]: not a JSON value`},
		{`{"a":[1,]}`, "offset 8: a[1]: want a value, found ']'"},
		{`{"a":1,}`, "offset 7: a: want a key, found '}'"},
		{`{"a":1} x`, "offset 8: want the end, found 'x'"},
		{`{"a":01}`, "offset 5: a: want a number, found 01"},
		{`{"a":` + strings.Repeat("1", 100) + `.}`, "offset 5: a: want a number, found " + strings.Repeat("1", 60) + "..."},
		{`{"a":NaN}`, "offset 5: a: want a value, found 'N'"},
		{`{"a":"x`, "offset 7: a: unexpected end, want the end of a string"},
		{`{"a":"x\`, "offset 8: a: unexpected end, want the end of an escape"},
		{`{"a":"x\y"}`, "offset 7: a: a bad escape in a string"},
		{`{"a":"x\u12"}`, "offset 7: a: a bad escape in a string"},
		{`{"a":"x\ud800"}`, "offset 7: a: a lone surrogate in a string"},
		{"{\"a\":\"x\t\"}", "offset 7: a: a control character in a string"},
		{"{\"a\":\n\"x\xff\"}", "offset 8: not valid UTF-8"},
		{`{"a":1, "b":2, "a":3}`, "offset 15: a: the key occurs twice"},
		{`{"":1,"` + strings.Repeat("k", 100) + `":x}`, `offset 109: ["` + strings.Repeat("k", 60) + `"...]: want a value, found 'x'`},
		{strings.Repeat(`{"a":`, 1e6), "offset 320: " + strings.Repeat("a.", 63) + "a: nested deeper than 64"},
		{strings.Repeat(`{"é ":`, 64) + "x", "offset 448: " + strings.Repeat(`["é "]`, 11) + `["... "]` + strings.Repeat(`["é "]`, 11) + ": want a value, found 'x'"},
		{`{"a":` + strings.Repeat("1", 1e5) + "}", "offset 5: a: a number of more than 65536 bytes"},
	} {
		r := New([]byte(c.text))
		if r.Peek() != '{' {
			for range r.Object() {
			}
		} else {
			read(r)
		}
		require.EqualError(t, r.End(), c.want)
		require.EqualError(t, r.Err(), c.want)
	}
}

// A value of another type is refused where it begins.
func TestTypes(t *testing.T) {
	for want, read := range map[string]func(*Reader){
		"want a string":      func(r *Reader) { r.Text() },
		"a whole number":     func(r *Reader) { r.Int(0, 9) },
		"want a number":      func(r *Reader) { r.Float() },
		"want true or false": func(r *Reader) { r.Bool() },
		"want an array": func(r *Reader) {
			for range r.Array() {
			}
		},
		"want an object": func(r *Reader) {
			for range r.Members() {
			}
		},
	} {
		for _, text := range []string{`{"k": 1.5}`, `{"k": "1"}`, `{"k": [1]}`, `{"k": {}}`, `{"k": true}`, `{"k": null}`, `{"k": `} {
			r := New([]byte(text))
			for range r.Object() {
				read(r)
			}
			if err := r.End(); err != nil {
				require.ErrorContains(t, err, "offset 6: k: ", text)
				require.ErrorContains(t, err, want, text)
				continue
			}
			require.NotContains(t, text, "null")
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		text   string
		lo, hi int
		want   int
		err    string
	}{
		{"7", 0, 9, 7, ""},
		{"9", 0, 9, 9, ""},
		{"10", 0, 9, 0, "10 is not a whole number from 0 to 9"},
		{"-1", 0, 9, 0, "-1 is not a whole number from 0 to 9"},
		{"-0", 0, 9, 0, "-0 is not a whole number from 0 to 9"},
		{"-0", -1, 9, 0, ""},
		{"1.0", 0, 9, 0, "1.0 is not a whole number"},
		{"1e0", 0, 9, 0, "1e0 is not a whole number"},
		{"9223372036854775807", math.MinInt, math.MaxInt, math.MaxInt, ""},
		{"-9223372036854775808", math.MinInt, math.MaxInt, math.MinInt, ""},
		{"9223372036854775808", math.MinInt, math.MaxInt, 0, "is not a whole number"},
		{"18446744073709551616", 0, math.MaxInt, 0, "is not a whole number"},
		{strings.Repeat("9", 5000), 0, 9, 0, "9... is not a whole number"},
	} {
		r := New([]byte(c.text))
		got := r.Int(c.lo, c.hi)
		require.Equal(t, c.want, got, c.text)
		if c.err == "" {
			require.NoError(t, r.End())
		} else {
			require.ErrorContains(t, r.End(), c.err)
			require.Less(t, len(r.Err().Error()), 150)
		}
	}
	for text, want := range map[string]float64{"0.1": 0.1, "-0": math.Copysign(0, -1), "1e-400": 0, "1.7976931348623157e308": math.MaxFloat64} {
		r := New([]byte(text))
		require.Equal(t, math.Float64bits(want), math.Float64bits(r.Float()), text)
		require.NoError(t, r.End())
	}
	r := New([]byte("-1e999"))
	require.Zero(t, r.Float())
	require.EqualError(t, r.End(), "offset 0: -1e999 is too large")
}

// What a loop leaves unread is skipped, and checked all the same.
func TestUnread(t *testing.T) {
	r := New([]byte(`{"a": {"b": [1, {"c": "\u00e9"}]}, "d": [[], 5, {}], "e": 6}`))
	var keys []string
	sum := 0
	for key := range r.Object("e") {
		keys = append(keys, key)
		switch key {
		case "d":
			for i := range r.Array() {
				if i == 1 {
					sum += r.Int(0, 9)
				}
			}
		case "e":
			sum += r.Int(0, 9)
		}
	}
	require.NoError(t, r.End())
	require.Equal(t, []string{"a", "d", "e"}, keys)
	require.Equal(t, 11, sum)
	for _, text := range []string{`{"a":[}`, `{"a":"\x"}`, `{"a":01}`, `{"a":{"b"}}`, `{"a":{"b":1,}}`, `{"a":{1:1}}`, `{"a":}`, `{"a":[1,]}`, `{"a":tru}`, `{"a":` + strings.Repeat("[", 1e6)} {
		r := New([]byte(text))
		for range r.Object() {
		}
		require.ErrorContains(t, r.End(), ": a: ", text)
	}
}

func TestKeys(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"a":1,"b":2}`, ""},
		{`{"a":{"c":1,"c":2},"b":2}`, ""}, // skipped
		{`{"a":1}`, "b: the key is missing"},
		{`{"x":1}`, "x: unknown key"},
		{`{}`, "a: the key is missing"},
		{`{"a":1, "c":[2] }`, "b: the key is missing"},
		{`{"a":1,"b":2,"a":1}`, "offset 13: a: the key occurs twice"},
	} {
		r := New([]byte(`[` + c.text + `]`))
		for range r.Array() {
			for key := range r.Object("a", "b") {
				if key == "x" {
					r.Unknown()
				}
			}
		}
		err := r.End()
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		if path, reason, ok := strings.Cut(c.want, "offset 13: "); ok {
			require.EqualError(t, err, path+"offset 14: [0]."+reason)
			continue
		}
		require.ErrorContains(t, err, "[0]."+c.want)
	}

	r := New([]byte(`{"a":1,"a":2}`))
	seen := map[string]int{}
	for key := range r.Members() {
		if _, twice := seen[key]; twice {
			r.Twice()
		}
		seen[key] = r.Int(0, 9)
	}
	require.EqualError(t, r.End(), "offset 7: a: the key occurs twice")

	// Hundreds of keys, and the last is there twice.
	var b strings.Builder
	for i := range 500 {
		b.WriteString(strconv.Quote("key"+strconv.Itoa(i)) + ":0,")
	}
	r = New([]byte("{" + b.String() + `"key250":0}`))
	for range r.Object("key0", "key499") {
	}
	require.ErrorContains(t, r.End(), "key250: the key occurs twice")
	r = New([]byte("{" + b.String() + `"key":0}`))
	for range r.Object("key0", "key499") {
	}
	require.NoError(t, r.End())
}

func TestNullIsZero(t *testing.T) {
	r := New([]byte(`[null,null,null,null,null,null,null,{"a":null}]`))
	r.NullIsZero = true
	n := 0
	for i := range r.Array() {
		switch i {
		case 0:
			require.Empty(t, r.Text())
		case 1:
			require.Zero(t, r.Int(5, 9))
		case 2:
			require.Zero(t, r.Float())
		case 3:
			require.False(t, r.Bool())
		case 4:
			require.Empty(t, r.Number())
		case 5, 7:
			for range r.Members() {
				n++
			}
		case 6:
			for range r.Array() {
				n++
			}
		}
	}
	require.NoError(t, r.End())
	require.Equal(t, 1, n)
	r = New([]byte("nul"))
	r.NullIsZero = true
	require.Empty(t, r.Text())
	require.ErrorContains(t, r.End(), "not a JSON value")
}

func TestMaxString(t *testing.T) {
	for text, ok := range map[string]bool{`"12345678"`: true, `"123456789"`: false, `"\u0061234567\n"`: true, `"\u00612345678\n"`: false, `"éééé"`: true, `"\u00e9\u00e9\u00e9\u00e9"`: true, `"ééééé"`: false} {
		for _, r := range []*Reader{New([]byte(text)), NewStream(iotest.OneByteReader(strings.NewReader(text)))} {
			r.MaxString = 8
			r.Text()
			if ok {
				require.NoError(t, r.End(), text)
			} else {
				require.EqualError(t, r.End(), "offset 0: a string of more than 8 bytes", text)
			}
		}
		r := New([]byte(text))
		r.MaxString = 8
		r.Skip()
		require.NoError(t, r.End())
	}
}

// The first error counts, whatever is read after it.
func TestErrorsStick(t *testing.T) {
	own := errors.New("own")
	r := New([]byte(`{"a": [1, 2, 3], "b": 4}`))
	n := 0
	for range r.Object() {
		for range r.Array() {
			n++
			r.Fail(nil)
			if r.Int(0, 9) == 2 {
				r.Fail(own)
			}
		}
	}
	require.Equal(t, 2, n)
	r.Failf("another")
	require.Zero(t, r.Int(0, 9))
	require.Zero(t, r.Float())
	require.Empty(t, r.Text())
	require.False(t, r.Bool())
	require.False(t, r.Null())
	require.Zero(t, r.Peek())
	for range r.Object("missing") {
		t.Fatal("an object after an error")
	}
	r.Skip()
	require.ErrorIs(t, r.End(), own)
	require.EqualError(t, r.Err(), "offset 10: a[1]: own")
}

// Errors of the source come out as they are, after what came before them.
func TestSourceErrors(t *testing.T) {
	text := `{"a": ["long` + strings.Repeat("x", 1e5) + `", 1.5, true`
	for _, own := range []error{errors.New("own"), io.ErrUnexpectedEOF} {
		r := NewStream(io.MultiReader(strings.NewReader(text), iotest.ErrReader(own)))
		n := 0
		for range r.Object() {
			for range r.Array() {
				read(r)
				n++
			}
		}
		require.Equal(t, own, r.End())
		require.Equal(t, 3, n)
		require.Equal(t, int64(len(text)), r.Offset())
	}
	r := NewStream(iotest.DataErrReader(io.MultiReader(strings.NewReader("[1,2"), iotest.ErrReader(io.ErrClosedPipe))))
	for range r.Array() {
		r.Int(0, 9)
	}
	require.Equal(t, io.ErrClosedPipe, r.End())
	r = NewStream(idle{})
	r.Skip()
	require.Equal(t, io.ErrNoProgress, r.End())
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// A stream of any length is skipped in one buffer, and knows its lines.
func TestStreamStaysSmall(t *testing.T) {
	const size = 64 << 20
	text := io.MultiReader(strings.NewReader("{\n\"a\": [\n\""), io.LimitReader(repeat{}, size), strings.NewReader("\"],\n\"b\": 1}"))
	r := NewStream(text)
	for key := range r.Object("b") {
		if key == "b" {
			require.Equal(t, 4, r.Line())
			require.Equal(t, int64(size+19), r.Offset())
		}
	}
	require.NoError(t, r.End())
	require.Equal(t, bufferSize, cap(r.buf))
}

type repeat struct{}

func (repeat) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

func TestStreamUTF8(t *testing.T) {
	text := "{\"skipped\":\"\xff\",\"kept\":\"\xff\"}"
	r := NewStream(strings.NewReader(text))
	for key := range r.Object() {
		if key == "kept" {
			r.Text()
		}
	}
	require.EqualError(t, r.End(), "offset 22: kept: not valid UTF-8")
}

// Reading allocates what it returns and nothing else.
func TestAllocations(t *testing.T) {
	text := []byte(`[` + strings.Repeat(`{"dtype":"F32","shape":[1,2,3.5,true,null],"x":{"y":[]}},`, 100) + `{}]`)
	walk := func(r *Reader) {
		for range r.Array() {
			for key := range r.Object() {
				switch key {
				case "dtype":
					r.Text()
				case "shape":
					for i := range r.Array() {
						if i < 2 {
							r.Int(0, 9)
						} else if i == 2 {
							r.Float()
						}
					}
				}
			}
		}
		require.NoError(t, r.End())
	}
	require.LessOrEqual(t, testing.AllocsPerRun(5, func() { walk(New(text)) }), 120.0, "100 strings")
	require.LessOrEqual(t, testing.AllocsPerRun(5, func() {
		r := New(text)
		r.ShareText = true
		walk(r)
	}), 10.0)
}

// Lines are counted right wherever the buffer ends.
func TestLines(t *testing.T) {
	text := bytes.Repeat([]byte("[\n1 ,\n\n\"a\" ],\n"), 20)
	text = append(append([]byte("["), text...), "0]"...)
	for _, r := range []*Reader{New(text), NewStream(bytes.NewReader(text)), NewStream(iotest.OneByteReader(bytes.NewReader(text)))} {
		for range r.Array() {
			require.Equal(t, 1+bytes.Count(text[:r.Offset()], []byte("\n")), r.Line())
			if r.Peek() == '[' {
				for range r.Array() {
					require.Equal(t, 1+bytes.Count(text[:r.Offset()], []byte("\n")), r.Line())
				}
			}
		}
		require.NoError(t, r.End())
	}
}

// With AnyBytes a stream returns strings as they are.
func TestAnyBytes(t *testing.T) {
	r := NewStream(strings.NewReader("{\"a\": [\"caf\xe9\", \"b\"]}"))
	r.AnyBytes = true
	var all, where []string
	for range r.Members() {
		for range r.Array() {
			where = append(where, r.Where())
			all = append(all, r.Text())
		}
	}
	require.NoError(t, r.End())
	require.Equal(t, []string{"caf\xe9", "b"}, all)
	require.Equal(t, []string{"a[0]", "a[1]"}, where)
}
