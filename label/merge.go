package label

import (
	"strings"

	"seccodeprm/segment"
)

// Merge joins labelled steps of src that say little alone. A NoOp step joins
// the one before it, at the start the one behind it; a step that only ends a
// block ("return 0;", "break;", "}", "#endif") joins the one before it, and one
// of declarations, imports and labels the one behind it (the paper's suffix and
// prefix patterns), but these two only where both labels are equal.
//
// A merged step is vulnerable if one of its parts is, is From all their
// sources, has the least of their weights, and its text is again that of the
// policy: steps[i].Text holds the source bytes between its parts. Labels are
// set before merging, never after: where they come from a fix, a border that
// depends on labels does not exist at inference. The steps given are those of
// the policy and stay as they are.
func Merge(src []byte, policy segment.Policy, steps []Step) []Step {
	var text []byte
	return merge(steps, true, func(a, b Step) string {
		text = policy.AppendText(text[:0], src, segment.Step{Start: a.Start, End: b.End})
		return string(text)
	})
}

// MergeReleased is Merge as the released pipeline does it: only where labels are
// equal, so that empty steps stay, and with texts one behind the other, so that
// the last line of the one and the first of the other become one line. It is for
// steps of PaperCompat. The patterns are those of Merge; the released lists are
// spelled out statement by statement.
func MergeReleased(steps []Step) []Step {
	return merge(steps, false, func(a, b Step) string { return a.Text + b.Text })
}

// merge joins steps; attach has NoOp steps join whatever their label.
func merge(steps []Step, attach bool, text func(a, b Step) string) []Step {
	var out []Step
	leads := false // the last step of out wants to join the next
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

// endsBlock reports whether a step is one of the paper's suffix patterns: it
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

// declares reports whether a step is one of the paper's prefix patterns: each
// of its lines is an import or include, a label, or a declaration without a
// value.
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

// firstWord returns the word that a line begins with, "" if it begins with
// something else.
func firstWord(line string) string {
	if line == "" || tokenClass(line[0]) != word {
		return ""
	}
	return line[:tokenEnd([]byte(line))]
}
