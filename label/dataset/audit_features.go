package dataset

import (
	"bytes"
	"strings"

	"seccodeprm/label"
)

// feature is a content-free feature of a step: its shape or its place, nothing
// of what the code says.
type feature struct {
	name  string
	yesNo bool // already a decision, with nothing to fit
	wide  bool // depends on the example around the step; see Leak.Wide
}

var features = [...]feature{
	{"empty step", true, false},
	{"empty or one indented line", true, false},
	{"starts with an empty line", true, false},
	{"characters", false, false},
	{"lines", false, false},
	{"indentation of the first line", false, false},
	{"position from the start", false, true},
	{"position from the end", false, true},
	{"steps of the example", false, true},
	{"characters of the example", false, true},
}

// narrow is the number of features that are not wide; they come first.
const narrow = 6

// stepFeatures returns the content-free features of a step, in the order of
// features.
func stepFeatures(steps []label.Step, i, chars int) [len(features)]float64 {
	text := steps[i].Text
	body := strings.TrimLeft(text, "\n")
	indent := len(body) - len(strings.TrimLeft(body, " \t"))
	lines := 0
	if text != "" {
		lines = 1 + strings.Count(text, "\n")
	}
	return [len(features)]float64{
		yes(text == ""),
		yes(text == "" || lines == 1 && indent > 0),
		yes(strings.HasPrefix(text, "\n")),
		float64(len(text)),
		float64(lines),
		float64(indent),
		float64(i),
		float64(len(steps) - 1 - i),
		float64(len(steps)),
		float64(chars),
	}
}

func yes(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// exampleFeatures are the content-free features of a whole example.
var exampleFeatures = [...]string{"characters", "steps", "empty steps", "longest step", "lines"}

func exampleFeature(steps []label.Step, text []byte) [len(exampleFeatures)]float64 {
	empty, longest := 0, 0
	for _, s := range steps {
		if s.Text == "" {
			empty++
		}
		longest = max(longest, len(s.Text))
	}
	return [len(exampleFeatures)]float64{
		float64(len(text)), float64(len(steps)), float64(empty), float64(longest), float64(bytes.Count(text, []byte("\n"))),
	}
}

// bag returns the distinct words and punctuation marks of a text.
func bag(text string) []string {
	var words []string
	seen := map[string]bool{}
	add := func(w string) {
		if !seen[w] {
			seen[w] = true
			words = append(words, strings.Clone(w))
		}
	}
	start := -1
	for i := 0; i <= len(text); i++ {
		letter := false
		if i < len(text) {
			c := text[i]
			letter = c == '_' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		}
		switch {
		case letter && start < 0:
			start = i
		case !letter && start >= 0:
			add(text[start:i])
			start = -1
		}
		if i < len(text) && !letter && text[i] > ' ' {
			add(text[i : i+1])
		}
	}
	return words
}
