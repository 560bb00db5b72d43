package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"seccodeprm/aggregate"
	"seccodeprm/segment"
)

// ParseSpec reads seccodeprm.json: one object, all keys optional, over the
// values of base. Where the file names another layout than base, the prompt and
// separator that it does not give are the defaults of that layout.
//
// It is strict, because a setting that is misread turns every reward: unknown
// and duplicate keys, keys in another case, null, values of another type or out
// of range and anything after the object are ErrSpec, naming file and key. name
// is the file's name, for errors.
func ParseSpec(data []byte, name string, base Spec) (Spec, error) {
	s, err := parseSpec(data, base)
	if err != nil {
		return Spec{}, fmt.Errorf("%w: %s: %w", ErrSpec, name, err)
	}
	return s, nil
}

func parseSpec(data []byte, s Spec) (Spec, error) {
	members, err := parseMembers(data)
	if err != nil {
		return s, err
	}
	// The layout decides the defaults of other keys: it comes first.
	if i := slices.IndexFunc(members, func(m member) bool { return m.key == "layout" }); i >= 0 {
		old := s.Layout
		if err := s.set(members[i]); err != nil {
			return s, err
		}
		if s.Layout != old {
			d := Default(s.Layout)
			s.Prompt, s.Separator = d.Prompt, d.Separator
		}
	}
	for _, m := range members {
		if err := s.set(m); err != nil {
			return s, err
		}
	}
	if err := s.check(); err != nil {
		return s, err
	}
	if _, err := segment.ParsePolicy(s.Segment); err != nil {
		return s, keyErrorf("segment", "%w", err)
	}
	if _, ok := aggregate.Lookup(s.Aggregate, s.Tau); !ok {
		return s, keyErrorf("aggregate", "is %q, known are %q", s.Aggregate, aggregate.Names())
	}
	return s, nil
}

// member is one key of an object with its undecoded value.
type member struct {
	key   string
	value json.RawMessage
}

// keys of seccodeprm.json.
var keys = [...]string{
	"version", "prompt", "separator", "layout", "secure_label", "segment", "aggregate", "tau",
	"threshold", "context", "temperature", "offset", "candidates", "source",
}

// set stores the value of a key.
func (s *Spec) set(m member) error {
	switch m.key {
	case "version":
		return decode(m, &s.Version, "an integer")
	case "prompt":
		return decode(m, &s.Prompt, "a string")
	case "separator":
		return decode(m, &s.Separator, "a string")
	case "layout":
		return decode(m, &s.Layout, "a string")
	case "secure_label":
		return decode(m, &s.SecureLabel, "an integer")
	case "segment":
		return decode(m, &s.Segment, "a string")
	case "aggregate":
		return decode(m, &s.Aggregate, "a string")
	case "tau":
		return decode(m, &s.Tau, "a number")
	case "threshold":
		return decode(m, &s.Threshold, "a number")
	case "context":
		err := decode(m, &s.Context, "an integer")
		if err == nil && s.Context == 0 { // in a Spec 0 says that the key is absent
			err = keyErrorf(m.key, "is 0, want a number of tokens >= 1")
		}
		return err
	case "temperature":
		return decode(m, &s.Temperature, "a number")
	case "offset":
		return decode(m, &s.Offset, "a number")
	case "candidates":
		s.Candidates = nil // base keeps its own
		err := decode(m, &s.Candidates, "two strings")
		if err == nil && len(s.Candidates) == 0 {
			err = keyErrorf(m.key, "is empty, want two strings")
		}
		return err
	case "source":
		return decode(m, &s.Source, "a string")
	}
	return keyErrorf(m.key, "is unknown")
}

// decode is json.Unmarshal that refuses null.
func decode[T any](m member, v *T, want string) error {
	if string(m.value) == "null" || json.Unmarshal(m.value, v) != nil {
		return keyErrorf(m.key, "is %.40s, want %s", m.value, want)
	}
	return nil
}

// parseMembers returns the members of the one JSON object that data is, in
// order, refusing unknown and duplicate keys. encoding/json alone takes both,
// and keys in any case.
func parseMembers(data []byte) ([]member, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("not valid UTF-8")
	}
	if err := json.Unmarshal(data, new(json.RawMessage)); err != nil { // syntax, to the last byte
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			return nil, fmt.Errorf("offset %d: %w", syntax.Offset, err)
		}
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	var members []member
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		m := member{key: fmt.Sprint(token)}
		if !slices.Contains(keys[:], m.key) {
			return nil, unknownKey(m.key)
		}
		if slices.ContainsFunc(members, func(o member) bool { return o.key == m.key }) {
			return nil, keyErrorf(m.key, "is given twice")
		}
		if err := dec.Decode(&m.value); err != nil {
			return nil, keyErrorf(m.key, "%w", err)
		}
		members = append(members, m)
	}
	return members, nil
}

func unknownKey(key string) error {
	for _, known := range keys {
		if strings.EqualFold(known, key) {
			return keyErrorf(key, "is unknown, it is spelled %q", known)
		}
	}
	return fmt.Errorf("key %q is unknown, known are %s", key, strings.Join(keys[:], ", "))
}
