package label

import (
	"bytes"
	"slices"

	"seccodeprm/internal/lex"
)

// markRenames finds, among the hunks without a kind, those that only rename
// local variables. A name that a change of the code also touches does not count
// as renamed: if its definition changes too, it is another variable.
func markRenames(all []Hunk, lone []bool, a, b *scanned) {
	r := &renames{before: a.usages(), after: b.usages(), forth: map[string]string{}, back: map[string]string{}}
	type hunk struct {
		*Hunk
		x, y    []string
		renamed map[string]string // old to new name; nil if the hunk changes the code
	}
	var hunks []*hunk
	for i := range all {
		if all[i].Kind == 0 {
			h := &hunk{Hunk: &all[i], x: a.words(all[i].Before), y: b.words(all[i].After)}
			if lone[i] && slices.Equal(a.layout(all[i].Before), b.layout(all[i].After)) {
				h.renamed = r.between(h.x, h.y)
			}
			hunks = append(hunks, h)
		}
	}
	for again := true; again; {
		again = false
		touched := map[string]bool{} // by changes of the code
		for _, h := range hunks {
			if h.renamed == nil {
				for _, t := range h.x {
					touched[t] = true
				}
				for _, t := range h.y {
					touched[t] = true
				}
			}
		}
		for _, h := range hunks {
			for from, to := range h.renamed {
				if touched[from] || touched[to] {
					h.renamed, again = nil, true
					break
				}
			}
		}
	}
	for _, h := range hunks {
		if h.renamed != nil {
			h.Kind = RenameHunk
		}
	}
}

// renames holds the names of both sides and how they have been renamed so far.
type renames struct {
	before, after map[string]*usage
	forth, back   map[string]string // consistent over all hunks
}

// usage counts how a name is used in a source.
type usage struct {
	count    int
	open     bool // called, a member or next to "::" somewhere, so not local
	declared bool // as a variable or parameter somewhere
}

// usages counts the names in the code of the whole source.
func (s *scanned) usages() map[string]*usage {
	all := map[string]*usage{}
	tokens := s.words(Span{0, len(s.src)})
	for i, t := range tokens {
		if !isName(t) {
			continue
		}
		u := all[t]
		if u == nil {
			u = &usage{}
			all[t] = u
		}
		u.count++
		if i > 0 && (tokens[i-1] == "." || tokens[i-1] == ">" && i > 1 && tokens[i-2] == "-" || tokens[i-1] == ":" && i > 1 && tokens[i-2] == ":") {
			u.open = true
		}
		if i+1 < len(tokens) && (tokens[i+1] == "(" || tokens[i+1] == ":" && i+2 < len(tokens) && tokens[i+2] == ":") {
			u.open = true
		}
		u.declared = u.declared || declared(tokens, i, lex.LanguageAt(int(s.lang)).Declares)
	}
	return all
}

// notTypes are words that can precede a name without declaring it.
var notTypes = []string{
	"return", "else", "case", "goto", "throw", "throws", "in", "delete", "new", "sizeof", "await", "yield", "not", "and", "or", "is",
	"as", "import", "from", "break", "continue", "typeof", "instanceof", "of", "defer", "go", "range", "assert", "raise", "print", "del",
}

// declared reports whether the name at i is declared there. By assignment it
// is assigned to or a loop variable; by walrus it precedes ":=" or follows "var";
// by type it follows a word such as a type, and its declarator ends after it.
// Pointers and much else are missed, in which case a rename counts as a change.
func declared(tokens []string, i int, by lex.Declares) bool {
	at := func(i int) string {
		if i < 0 || i >= len(tokens) {
			return ""
		}
		return tokens[i]
	}
	before, next := at(i-1), at(i+1)
	assigned := next == "=" && at(i+2) != "="
	switch by {
	case lex.ByAssignment:
		return assigned && before != "(" && before != "," || before == "for" && next == "in"
	case lex.ByWalrus:
		return next == ":" && at(i+2) == "=" || before == "var"
	}
	ends := assigned || slices.Contains([]string{";", ",", ")", "["}, next)
	return ends && before != "" && isName(before) && !slices.Contains(notTypes, before)
}

// words returns the tokens of a range without white space and comments. A
// literal is one token.
func (s *scanned) words(r Span) (all []string) {
	for kind, text := range s.parts(r) {
		switch kind {
		case lex.Literal:
			all = append(all, string(text))
		case lex.Code:
			for token := range tokens(text) {
				if tokenClass(token[0]) != space {
					all = append(all, string(token))
				}
			}
		}
	}
	return all
}

// layout returns what else than its words a range says: for each token the
// white space before it, as far as that matters, and the comments that may be
// code.
func (s *scanned) layout(r Span) (all []string) {
	lines := s.lines || hasDirective(s.src[r.Start:r.End])
	var d directive
	s.walk(r, false, func(kind lex.Kind, gap, text []byte) {
		var what []byte
		if kind == lex.Comment {
			what = text
		} else if n := bytes.LastIndexByte(gap, '\n'); s.indent && (n >= 0 || len(all) == 0) {
			what = append(slices.Clone(newline), gap[n+1:]...)
		} else if lines && n >= 0 {
			what = newline
		}
		if s.preprocessed && d.next(gap, text) {
			what = append(slices.Clone(what), ' ')
		}
		all = append(all, string(what))
	})
	return all
}

func isName(token string) bool {
	return tokenClass(token[0]) == word && (token[0] < '0' || token[0] > '9')
}

// between returns how y renames the names of x, or nil if anything else differs
// or nothing does.
func (r *renames) between(x, y []string) map[string]string {
	if len(x) != len(y) {
		return nil
	}
	forth, back := map[string]string{}, map[string]string{}
	for i, from := range x {
		to := y[i]
		if from == to {
			continue
		}
		if !r.local(from, to) {
			return nil
		}
		for _, known := range []struct {
			names    map[string]string
			from, to string
		}{{forth, from, to}, {back, to, from}, {r.forth, from, to}, {r.back, to, from}} {
			if other, ok := known.names[known.from]; ok && other != known.to {
				return nil
			}
		}
		forth[from], back[to] = to, from
	}
	if len(forth) == 0 {
		return nil
	}
	for from, to := range forth {
		r.forth[from], r.back[to] = to, from
	}
	return forth
}

// local reports whether from can be a local name that became to everywhere in
// the source.
func (r *renames) local(from, to string) bool {
	if !isName(from) || !isName(to) {
		return false
	}
	old, now := r.before[from], r.after[to]
	return old != nil && now != nil && !old.open && !now.open && old.declared && now.declared &&
		old.count >= 2 && now.count >= 2 && r.after[from] == nil && r.before[to] == nil
}
