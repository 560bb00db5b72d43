package layout

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// ErrSpec is wrapped by whatever ParseSettings, Over and New refuse.
var ErrSpec = errors.New("bad settings")

// Kind names how steps become ids and where rewards are read.
type Kind string

const (
	// Appended is the layout of SecCodePRM and TRL's PRMTrainer: the prompt, then
	// the text of each step followed by the separator. Rewards are read at the
	// last id of each separator.
	Appended Kind = "appended"

	// Natural appends nothing: each step is encoded as it is in the source, its
	// separator included, and its reward is read at its last id.
	Natural Kind = "natural"

	// Chat is the layout of Qwen2.5-Math-PRM: a chat of system, user and
	// assistant, with a special token (<extra_0>) after each step of the
	// assistant's text.
	Chat Kind = "chat"

	// Tag is Appended with the defaults of value heads and of causal LMs that are
	// read at a step tag: prompt and steps end in "\n".
	Tag Kind = "tag"
)

// Kinds lists all kinds.
func Kinds() []Kind { return []Kind{Appended, Natural, Chat, Tag} }

// Spec says how a model is prompted and how its rewards are used. Its JSON form
// is seccodeprm.json. The key of each field begins the comment beside it.
type Spec struct {
	Version     int      // version: 1
	Prompt      string   // prompt: text before the steps; in Chat the user's message
	Separator   string   // separator: text after each step; in Chat one special token, in Natural none
	Layout      Kind     // layout
	SecureLabel int      // secure_label: index of the output that means secure, 0 or 1
	Segment     string   // segment: name of the policy that cuts steps, see segment.ParsePolicy
	Aggregate   string   // aggregate: name of the rule, see aggregate.Lookup
	Tau         float64  // tau: temperature of that rule, > 0
	Threshold   float64  // threshold on R, in [-1, 1]: vulnerable iff R <= threshold
	Context     int      // context: longest sequence in tokens, >= 1; 0 without the key: no limit here
	Temperature float64  // temperature T > 0 of p(secure) = sigmoid((z_secure - z_vulnerable + b) / T)
	Offset      float64  // offset b in that formula
	Candidates  []string // candidates: the two tokens at which a causal LM is read, by text; output 0 first
	Source      string   // source: where the weights come from, free text
}

const (
	paperPrompt = "Determine whether the code is vulnerable or not."
	stepToken   = "<extra_0>"
)

// Default returns the settings of a checkpoint without a file: layout k with the
// prompt and separator it was published with, segment "paper", aggregate "risk"
// with tau 0.1, threshold 0, temperature 1, offset 0 and secure_label 1.
func Default(k Kind) Spec {
	s := Spec{
		Version: 1, Layout: k, Prompt: paperPrompt, SecureLabel: 1,
		Segment: "paper", Aggregate: "risk", Tau: 0.1, Temperature: 1,
	}
	switch k {
	case Appended:
		s.Separator = "\n\n"
	case Chat:
		s.Separator = stepToken
	case Tag:
		s.Prompt, s.Separator = paperPrompt+"\n", "\n"
	}
	return s
}

// check refuses values out of range and names the key. Over looks up the names of
// policies and rules.
func (s *Spec) check() error {
	switch {
	case s.Version != 1:
		return keyErrorf("version", "is %d, this program reads version 1", s.Version)
	case !slices.Contains(Kinds(), s.Layout):
		return keyErrorf("layout", "is %q, known are %q", s.Layout, Kinds())
	case s.Separator == "" && s.Layout != Natural:
		return keyErrorf("separator", "is empty in layout %q: there is nothing to read a reward at", s.Layout)
	case s.Separator != "" && s.Layout == Natural:
		return keyErrorf("separator", "has no effect in layout %q, which appends none", s.Layout)
	case s.SecureLabel != 0 && s.SecureLabel != 1:
		return keyErrorf("secure_label", "is %d, want 0 or 1", s.SecureLabel)
	case !finite(s.Tau) || s.Tau <= 0:
		return keyErrorf("tau", "is %v, want a number > 0", s.Tau)
	case !(s.Threshold >= -1 && s.Threshold <= 1):
		return keyErrorf("threshold", "is %v, want a number in [-1, 1]", s.Threshold)
	case s.Context < 0:
		return keyErrorf("context", "is %d, want a number of tokens >= 1", s.Context)
	case !finite(s.Temperature) || s.Temperature <= 0:
		return keyErrorf("temperature", "is %v, want a number > 0", s.Temperature)
	case !finite(s.Offset):
		return keyErrorf("offset", "is %v, want a finite number", s.Offset)
	}
	for _, text := range [][2]string{
		{"prompt", s.Prompt}, {"separator", s.Separator}, {"source", s.Source}, {"candidates", strings.Join(s.Candidates, "")},
	} {
		if strings.ContainsRune(text[1], utf8.RuneError) { // decoders write it for half a character
			return keyErrorf(text[0], "holds U+FFFD or invalid Unicode")
		}
	}
	if c := s.Candidates; len(c) != 0 && (len(c) != 2 || c[0] == "" || c[1] == "" || c[0] == c[1]) {
		return keyErrorf("candidates", "are %q, want two different tokens", c)
	}
	return nil
}

func keyErrorf(key, format string, args ...any) error {
	return fmt.Errorf("%s: "+format, append([]any{key}, args...)...)
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
