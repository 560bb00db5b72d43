package layout

import (
	"fmt"
	"math"
	"strings"

	"seccodeprm/aggregate"
	"seccodeprm/internal/strictjson"
	"seccodeprm/segment"
)

// ParseSpec reads seccodeprm.json over the values of base: [ParseSettings], then
// [Settings.Over].
func ParseSpec(data []byte, name string, base Spec) (Spec, error) {
	s, err := ParseSettings(data, name)
	if err != nil {
		return Spec{}, err
	}
	return s.Over(base)
}

// Settings is a seccodeprm.json: the values of the keys that it gives.
type Settings struct {
	// Candidates are the two tokens at which a causal LM is read, or nil if the
	// file does not give them.
	Candidates []string

	name   string
	layout Kind          // "" if the file does not give it
	set    []func(*Spec) // for each key, puts its value into a Spec
}

// ParseSettings reads seccodeprm.json: one object, all keys optional.
//
// It is strict, because a misread setting would change every reward:
// ParseSettings returns ErrSpec for unknown and duplicate keys, keys in another
// case, null, values of another type and anything after the object. Errors name
// file, offset and key. name is the file's name, for errors.
func ParseSettings(data []byte, name string) (*Settings, error) {
	s := &Settings{name: name}
	if err := s.read(strictjson.New(data)); err != nil {
		return nil, s.fail(err)
	}
	return s, nil
}

func (s *Settings) fail(err error) error { return fmt.Errorf("%w: %s: %w", ErrSpec, s.name, err) }

// keys of seccodeprm.json.
var keys = [...]string{
	"version", "prompt", "separator", "layout", "secure_label", "segment", "aggregate", "tau",
	"threshold", "context", "temperature", "offset", "candidates", "source",
}

func (s *Settings) read(r *strictjson.Reader) error {
	for key := range r.Object() {
		var set func(*Spec)
		switch key {
		case "version":
			v := readInt(r)
			set = func(to *Spec) { to.Version = v }
		case "prompt":
			v := r.Text()
			set = func(to *Spec) { to.Prompt = v }
		case "separator":
			v := r.Text()
			set = func(to *Spec) { to.Separator = v }
		case "layout":
			s.layout = Kind(r.Text())
			set = func(to *Spec) { to.Layout = s.layout }
		case "secure_label":
			v := readInt(r)
			set = func(to *Spec) { to.SecureLabel = v }
		case "segment":
			v := r.Text()
			set = func(to *Spec) { to.Segment = v }
		case "aggregate":
			v := r.Text()
			set = func(to *Spec) { to.Aggregate = v }
		case "tau":
			v := r.Float()
			set = func(to *Spec) { to.Tau = v }
		case "threshold":
			v := r.Float()
			set = func(to *Spec) { to.Threshold = v }
		case "context":
			v := readInt(r)
			if v == 0 { // in a Spec 0 says that the key is absent
				r.Failf("is 0, want a number of tokens >= 1")
			}
			set = func(to *Spec) { to.Context = v }
		case "temperature":
			v := r.Float()
			set = func(to *Spec) { to.Temperature = v }
		case "offset":
			v := r.Float()
			set = func(to *Spec) { to.Offset = v }
		case "candidates":
			for range r.Array() {
				s.Candidates = append(s.Candidates, r.Text())
			}
			if len(s.Candidates) == 0 {
				r.Failf("is empty, want two strings")
			}
			set = func(to *Spec) { to.Candidates = s.Candidates }
		case "source":
			v := r.Text()
			set = func(to *Spec) { to.Source = v }
		default:
			r.Fail(unknownKey(key))
		}
		s.set = append(s.set, set)
	}
	return r.End()
}

func readInt(r *strictjson.Reader) int { return r.Int(math.MinInt, math.MaxInt) }

func unknownKey(key string) error {
	for _, known := range keys {
		if strings.EqualFold(known, key) {
			return fmt.Errorf("unknown key, it is spelled %q", known)
		}
	}
	return fmt.Errorf("unknown key, known are %s", strings.Join(keys[:], ", "))
}

// Over returns base with the values of the file. If the file names another
// layout than base, prompt and separator default to that layout's. Over returns
// ErrSpec for values out of range, with file and key.
func (s *Settings) Over(base Spec) (Spec, error) {
	out := base
	if s.layout != "" && s.layout != base.Layout {
		d := Default(s.layout)
		out.Prompt, out.Separator = d.Prompt, d.Separator
	}
	for _, set := range s.set {
		set(&out)
	}
	if err := out.check(); err != nil {
		return Spec{}, s.fail(err)
	}
	if _, err := segment.ParsePolicy(out.Segment); err != nil {
		return Spec{}, s.fail(keyErrorf("segment", "%w", err))
	}
	if _, ok := aggregate.Lookup(out.Aggregate, out.Tau); !ok {
		return Spec{}, s.fail(keyErrorf("aggregate", "is %q, known are %q", out.Aggregate, aggregate.Names()))
	}
	return out, nil
}
