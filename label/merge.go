package label

import (
	"strings"

	"seccodeprm/segment"
)

// Merge joins labelled steps of src that say little alone:
//
//   - A NoOp step joins the step before it, or at the start the step after it.
//   - A step that only ends a block ("return 0;", "break;", "}", "#endif"; the
//     paper's suffix patterns) joins the step before it if both labels are
//     equal.
//   - A step of declarations, imports and labels (the prefix patterns) joins
//     the step after it if both labels are equal.
//
// A merged step is vulnerable if any of its parts is. It has all their sources
// and the least of their weights. The policy makes its text again, which
// includes the source bytes between the parts.
//
// The steps must come from the policy and must be labelled already. Merged
// borders depend on labels, so at inference they do not exist. Merge does not
// change the steps it is given.
func Merge(src []byte, policy segment.Policy, steps []Step) []Step {
	var text []byte
	return merge(steps, true, func(a, b Step) string {
		text = policy.AppendText(text[:0], src, segment.Step{Start: a.Start, End: b.End})
		return string(text)
	})
}

// MergeReleased merges the steps of PaperCompat as the released pipeline does.
// It joins only steps with equal labels, so empty steps remain, and it
// concatenates their texts, so the last line of one and the first line of the
// next become one line. It uses the patterns of Merge, where the released lists
// spell out each statement.
func MergeReleased(steps []Step) []Step {
	return merge(steps, false, func(a, b Step) string { return a.Text + b.Text })
}

// merge joins steps. With attach, NoOp steps join whatever their label is.
func merge(steps []Step, attach bool, text func(a, b Step) string) []Step {
	var out []Step
	leads := false // the last step of out should join the next
	for _, s := range steps {
		n := len(out)
		join := n > 0 && (attach && (s.NoOp || out[n-1].NoOp) ||
			s.Secure == out[n-1].Secure && (leads || endsBlock(s.Text)))
		if !s.NoOp {
			leads = declares(s.Text)
		}
		if !join {
			out = append(out, s)
			continue
		}
		a := &out[n-1]
		joined := Step{
			Step: segment.Step{
				Start: a.Start, End: s.End, Line: a.Line, EndLine: max(a.EndLine, s.EndLine),
				NoOp: a.NoOp && s.NoOp,
			},
			Text:   text(*a, s),
			Secure: a.Secure && s.Secure,
			From:   a.From | s.From,
			Weight: min(a.Weight, s.Weight),
		}
		*a = joined
	}
	return out
}

// endsBlock reports whether a step matches the paper's suffix patterns: it
// begins with return or else, or each of its lines only ends something.
func endsBlock(text string) bool {
	text = strings.TrimSpace(text)
	switch firstWord(text) {
	case "return", "else":
		return true
	}
	for line := range strings.Lines(text) {
		switch line = strings.TrimSpace(line); firstWord(line) {
		case "break", "continue", "pass", "goto", "endif", "end", "fi", "done":
		case "":
			if strings.Trim(line, "}]);,*/") != "" && !strings.HasPrefix(line, "#endif") && !strings.HasPrefix(line, "#else") {
				return false
			}
		default:
			return false
		}
	}
	return text != ""
}

// declares reports whether a step matches the paper's prefix patterns: each of
// its lines is an import or include, a label, or a declaration without a value.
func declares(text string) bool {
	text = strings.TrimSpace(text)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch firstWord(line) {
		case "import", "using", "package", "from", "use":
			continue
		case "":
			if line == "" || strings.HasPrefix(line, "#include") || strings.HasPrefix(line, "#import") {
				continue
			}
			return false
		case "return", "break", "continue", "goto", "pass", "else", "do", "default", "throw", "raise":
			return false
		}
		if name, ok := strings.CutSuffix(line, ":"); ok && firstWord(name) == name { // a label
			continue
		}
		declaration, ok := strings.CutSuffix(line, ";")
		if !ok || strings.ContainsAny(declaration, "=(){}!?.;+-/|^%\"'") || len(strings.Fields(declaration)) < 2 {
			return false
		}
	}
	return text != ""
}

// firstWord returns the word that a line begins with, or "" if it begins with
// anything else.
func firstWord(line string) string {
	if line == "" || tokenClass(line[0]) != word {
		return ""
	}
	return line[:tokenEnd([]byte(line))]
}
