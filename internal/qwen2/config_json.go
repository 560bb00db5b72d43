package qwen2

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"seccodeprm/internal/strictjson"
)

// object is a JSON object. Its values are *object, []any, string, number, bool
// and nil.
type object struct {
	keys   []string // as written, in the order of the file
	values map[string]any
}

// number is a number as it is written.
type number string

// parseObject reads data as one JSON object. It refuses what
// internal/strictjson refuses: repeated keys at any depth, a byte order mark,
// the literals NaN and Infinity that Python's json accepts, and more.
func parseObject(data []byte) (*object, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.New("the file is empty")
	}
	r := strictjson.New(data)
	r.LoneSurrogates = true // as in Python's json
	v := readValue(r)
	if err := r.End(); err != nil {
		return nil, err
	}
	obj, ok := v.(*object)
	if !ok {
		return nil, fmt.Errorf("must be a JSON object, is %s", describe(v))
	}
	return obj, nil
}

func readValue(r *strictjson.Reader) any {
	switch r.Peek() {
	case '{':
		obj := &object{values: map[string]any{}}
		for key := range r.Object() {
			obj.keys = append(obj.keys, key)
			obj.values[key] = readValue(r)
		}
		return obj
	case '[':
		list := []any{}
		for range r.Array() {
			list = append(list, readValue(r))
		}
		return list
	case '"':
		return r.Text()
	case 't', 'f':
		return r.Bool()
	case '0':
		return number(r.Number())
	}
	if !r.Null() {
		r.Skip() // not a value
	}
	return nil
}

// fields reads typed values of one object and collects what is wrong with them,
// so that one error can name every key at fault.
type fields struct {
	obj      *object   // nil has no keys
	prefix   string    // prefix of the keys in problems: "" or "rope_parameters."
	problems *[]string // shared by the fields of nested objects
}

// fail records a problem with a key.
func (f *fields) fail(key, format string, args ...any) {
	*f.problems = append(*f.problems, clip(f.prefix+key)+": "+fmt.Sprintf(format, args...))
}

// lookup returns the value of a key, and whether the key is there.
func (f *fields) lookup(key string) (any, bool) {
	if f.obj == nil {
		return nil, false
	}
	v, ok := f.obj.values[key]
	return v, ok
}

// has reports whether the key is present, null or not.
func (f *fields) has(key string) bool { _, ok := f.lookup(key); return ok }

// value returns the value of a key, or nil if the key is absent or null.
func (f *fields) value(key string) any { v, _ := f.lookup(key); return v }

// stated reports whether the key is present with a value other than null.
func (f *fields) stated(key string) bool { return f.value(key) != nil }

// integer reads a required whole number in [lo, hi]. As in Python, 3.0 and 3e0
// are not whole numbers.
func (f *fields) integer(key string, lo, hi int) int {
	if !f.has(key) {
		f.fail(key, "is missing")
		return 0
	}
	num, ok := f.value(key).(number)
	if !ok {
		f.fail(key, "must be an integer, is %s", describe(f.value(key)))
		return 0
	}
	v, err := strconv.ParseInt(string(num), 10, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		f.fail(key, "must be an integer, is %s", clip(string(num)))
		return 0
	}
	if err != nil || v < int64(lo) || v > int64(hi) {
		f.fail(key, "%s is outside %d..%d", clip(string(num)), lo, hi)
		return 0
	}
	return int(v)
}

// integerOr is integer with a default for an absent key.
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
	return f.numberOf(key, f.value(key))
}

// numberOf reads v, the value of key or one of its elements, as a finite
// number.
func (f *fields) numberOf(key string, v any) float64 {
	num, ok := v.(number)
	if !ok {
		f.fail(key, "must be a number, is %s", describe(v))
		return 0
	}
	x, err := strconv.ParseFloat(string(num), 64)
	if err != nil {
		f.fail(key, "%s is too large", clip(string(num)))
		return 0
	}
	return x
}

// positive reads a required number that is above 0 even in float32, the type of
// the arithmetic.
func (f *fields) positive(key string) float64 {
	before := len(*f.problems)
	x := f.number(key)
	if len(*f.problems) == before && !positive32(x) {
		f.fail(key, "%v must be a positive float32", x)
	}
	return x
}

// boolOr reads a bool with a default for an absent key.
func (f *fields) boolOr(key string, absent bool) bool {
	if !f.has(key) {
		return absent
	}
	v, ok := f.value(key).(bool)
	if !ok {
		f.fail(key, "must be true or false, is %s", describe(f.value(key)))
		return absent
	}
	return v
}

// truthOr is boolOr for a key that transformers does not declare, and so takes
// by Python's rule of truth: null and 0 are false, 1 is true.
func (f *fields) truthOr(key string, absent bool) bool {
	v, has := f.lookup(key)
	switch {
	case has && (v == nil || v == number("0")):
		return false
	case v == number("1"):
		return true
	}
	return f.boolOr(key, absent)
}

// textOr reads a string with a default for an absent key.
func (f *fields) textOr(key, absent string) string {
	if !f.has(key) {
		return absent
	}
	v, ok := f.value(key).(string)
	if !ok {
		f.fail(key, "must be a string, is %s", describe(f.value(key)))
		return absent
	}
	return v
}

// texts reads a list of strings. It returns nil if the key is absent or null.
func (f *fields) texts(key string) []string {
	if !f.stated(key) {
		return nil
	}
	list, ok := f.value(key).([]any)
	if !ok {
		f.fail(key, "must be a list of strings, is %s", describe(f.value(key)))
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

// nested reads an object. It returns nil if the key is absent or null.
func (f *fields) nested(key string) *object {
	if !f.stated(key) {
		return nil
	}
	obj, ok := f.value(key).(*object)
	if !ok {
		f.fail(key, "must be an object, is %s", describe(f.value(key)))
	}
	return obj
}

// describe describes a JSON value in an error text.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case number:
		return "the number " + clip(string(v))
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
