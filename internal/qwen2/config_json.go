package qwen2

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// object is a JSON object with its keys as spelled: encoding/json's own decoding
// into structs and maps would fold case and let the last duplicate win, and a
// config that two readers understand differently is refused here.
type object map[string]any

// maxDepth is the deepest nesting of a config.json; transformers writes three.
const maxDepth = 64

// parseObject reads data as one JSON object. Values are object, []any, string,
// json.Number, bool and nil. It refuses duplicate keys at any depth, bytes after
// the object, a byte order mark, invalid UTF-8 and the literals NaN and Infinity
// that Python's json would read.
func parseObject(data []byte) (object, error) {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, errors.New("the file is empty")
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return nil, errors.New("offset 0: a byte order mark before the JSON text")
	case !utf8.Valid(data):
		return nil, errors.New("not valid UTF-8")
	}
	// A whole-text check comes first: the token reader below is more lenient.
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("offset %d: %v", syntax.Offset, err)
		}
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, err := parseValue(dec, "", maxDepth)
	if err != nil {
		return nil, err
	}
	obj, ok := v.(object)
	if !ok {
		return nil, fmt.Errorf("must be a JSON object, is %s", describe(v))
	}
	return obj, nil
}

// parseValue reads one value that opens at most depth brackets; path names it in
// errors.
func parseValue(dec *json.Decoder, path string, depth int) (any, error) {
	if depth < 0 {
		return nil, fmt.Errorf("%s: nested deeper than %d", clip(path), maxDepth)
	}
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch tok {
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			v, err := parseValue(dec, path, depth-1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = dec.Token()
		return list, err
	case json.Delim('{'):
		obj := object{}
		for dec.More() {
			tok, err := dec.Token()
			if err != nil {
				return nil, err
			}
			key := tok.(string) // json.Unmarshal found the text well-formed
			at := key
			if path != "" {
				at = path + "." + key
			}
			if _, twice := obj[key]; twice {
				return nil, fmt.Errorf("%s: the key appears twice", clip(at))
			}
			if obj[key], err = parseValue(dec, at, depth-1); err != nil {
				return nil, err
			}
		}
		_, err = dec.Token()
		return obj, err
	}
	return tok, nil
}

// fields reads typed values of one object and collects what is wrong with them,
// so that one error can name every key at fault.
type fields struct {
	obj      object
	prefix   string    // of the keys in problems: "" or "rope_parameters."
	problems *[]string // shared by the fields of nested objects
}

// fail records a problem with a key.
func (f *fields) fail(key, format string, args ...any) {
	*f.problems = append(*f.problems, clip(f.prefix+key)+": "+fmt.Sprintf(format, args...))
}

// has reports whether the key is there, null or not.
func (f *fields) has(key string) bool { _, ok := f.obj[key]; return ok }

// stated reports whether the key is there with a value other than null.
func (f *fields) stated(key string) bool { return f.obj[key] != nil }

// integer reads a required whole number in [lo, hi]. 3.0 and 3e0 are not whole
// numbers, as in Python.
func (f *fields) integer(key string, lo, hi int) int {
	if !f.has(key) {
		f.fail(key, "is missing")
		return 0
	}
	num, ok := f.obj[key].(json.Number)
	if !ok {
		f.fail(key, "must be an integer, is %s", describe(f.obj[key]))
		return 0
	}
	v, err := strconv.ParseInt(num.String(), 10, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		f.fail(key, "must be an integer, is %s", clip(num.String()))
		return 0
	}
	if err != nil || v < int64(lo) || v > int64(hi) {
		f.fail(key, "%s is outside %d..%d", clip(num.String()), lo, hi)
		return 0
	}
	return int(v)
}

// integerOr is integer with a value for an absent key.
func (f *fields) integerOr(key string, absent, lo, hi int) int {
	if !f.has(key) {
		return absent
	}
	return f.integer(key, lo, hi)
}

// number reads a required finite number.
func (f *fields) number(key string) float64 {
	if !f.has(key) {
		f.fail(key, "is missing")
		return 0
	}
	return f.numberOf(key, f.obj[key])
}

// numberOf reads v, a value under the key, as a finite number.
func (f *fields) numberOf(key string, v any) float64 {
	num, ok := v.(json.Number)
	if !ok {
		f.fail(key, "must be a number, is %s", describe(v))
		return 0
	}
	x, err := strconv.ParseFloat(num.String(), 64)
	if err != nil {
		f.fail(key, "%s is too large", clip(num.String()))
		return 0
	}
	return x
}

// positive reads a required number that is above 0 in float32 too, where the
// arithmetic happens.
func (f *fields) positive(key string) float64 {
	before := len(*f.problems)
	x := f.number(key)
	if len(*f.problems) == before && !positive32(x) {
		f.fail(key, "%v must be a positive float32", x)
	}
	return x
}

// boolOr reads a bool with a value for an absent key.
func (f *fields) boolOr(key string, absent bool) bool {
	if !f.has(key) {
		return absent
	}
	v, ok := f.obj[key].(bool)
	if !ok {
		f.fail(key, "must be true or false, is %s", describe(f.obj[key]))
		return absent
	}
	return v
}

// textOr reads a string with a value for an absent key.
func (f *fields) textOr(key, absent string) string {
	if !f.has(key) {
		return absent
	}
	v, ok := f.obj[key].(string)
	if !ok {
		f.fail(key, "must be a string, is %s", describe(f.obj[key]))
		return absent
	}
	return v
}

// texts reads a list of strings; nil where the key is absent or null.
func (f *fields) texts(key string) []string {
	if !f.stated(key) {
		return nil
	}
	list, ok := f.obj[key].([]any)
	if !ok {
		f.fail(key, "must be a list of strings, is %s", describe(f.obj[key]))
		return nil
	}
	out := make([]string, len(list))
	for i, v := range list {
		s, ok := v.(string)
		if !ok {
			f.fail(key, "entry %d must be a string, is %s", i, describe(v))
			return nil
		}
		out[i] = s
	}
	return out
}

// nested reads an object; nil where the key is absent or null.
func (f *fields) nested(key string) object {
	if !f.stated(key) {
		return nil
	}
	obj, ok := f.obj[key].(object)
	if !ok {
		f.fail(key, "must be an object, is %s", describe(f.obj[key]))
	}
	return obj
}

// describe names a JSON value for an error text.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return "the number " + clip(v.String())
	case string:
		return "the string " + strconv.Quote(clip(v))
	case []any:
		return "a list"
	default:
		return "an object"
	}
}

// clip shortens text from a file so that it cannot flood an error.
func clip(s string) string {
	const limit = 60
	if len(s) <= limit {
		return s
	}
	end := limit
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "..."
}
