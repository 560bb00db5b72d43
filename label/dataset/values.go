package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// text is a string, such as an id. Some files write a number.
type text string

// UnmarshalJSON reads a string, or a number or boolean as it is written. Null
// is "".
func (t *text) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] != '"' && data[0] != '[' && data[0] != '{' {
		if *t = text(data); *t == "null" {
			*t = ""
		}
		return nil
	}
	return json.Unmarshal(data, (*string)(t))
}

// texts is a list of strings. Some files write a list of one as a string.
type texts []string

// UnmarshalJSON reads either form. Null is an empty list.
func (t *texts) UnmarshalJSON(data []byte) error {
	*t = nil
	if bytes.Equal(data, []byte("null")) {
		return nil
	}
	if len(data) > 0 && data[0] != '[' {
		var one text
		err := one.UnmarshalJSON(data)
		*t = texts{string(one)}
		return err
	}
	var all []text
	err := json.Unmarshal(data, &all)
	for _, one := range all {
		*t = append(*t, string(one))
	}
	return err
}

// flag is a label, 1 for vulnerable. Some files write true, "1" or 1.0.
type flag bool

// UnmarshalJSON reads any of these.
func (f *flag) UnmarshalJSON(data []byte) error {
	var t text
	if err := t.UnmarshalJSON(data); err != nil {
		return err
	}
	on, ok := parseFlag(string(t))
	if !ok {
		return fmt.Errorf("a label of %s, want 0 or 1", data)
	}
	*f = flag(on)
	return nil
}

// parseFlag reads a label of 0 or 1.
func parseFlag(text string) (on, ok bool) {
	text = strings.TrimSpace(text)
	switch strings.ToLower(text) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	x, err := strconv.ParseFloat(text, 64)
	return x == 1, err == nil && (x == 0 || x == 1)
}

// withoutNaN replaces NaN and Infinity, which Python writes and JSON does not
// have, by null.
func withoutNaN(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for i, inside := 0, false; i < len(data); i++ {
		c := data[i]
		if inside {
			if out = append(out, c); c == '\\' && i+1 < len(data) {
				i++
				out = append(out, data[i])
			}
			inside = c != '"'
			continue
		}
		word := ""
		for _, w := range []string{"NaN", "Infinity", "-Infinity"} {
			if bytes.HasPrefix(data[i:], []byte(w)) {
				word = w
			}
		}
		if word != "" {
			out = append(out, "null"...)
			i += len(word) - 1
			continue
		}
		out = append(out, c)
		inside = c == '"'
	}
	return out
}
