package label

import (
	"bytes"
	"iter"
	"slices"

	"seccodeprm/internal/lex"
	"seccodeprm/segment"
)

// scanned is a source with its comments and literals found.
type scanned struct {
	src    []byte
	lang   segment.Language
	spans  []lex.Span // partition src; one span of code if the language is unknown
	lines  bool       // line ends matter to the grammar
	indent bool       // and so does indentation

	preprocessed bool // by the C preprocessor
	firm         int  // before this offset comments and line ends may all matter
}

func scan(src []byte, lang segment.Language) *scanned {
	language := lex.LanguageAt(int(lang))
	s := &scanned{src: src, lang: lang, lines: language.Layout != lex.Free, indent: language.Layout == lex.Indented}
	if !language.Known {
		s.spans = []lex.Span{{Kind: lex.Code, Start: 0, End: len(src)}}
		return s
	}
	scanner := lex.New(src, language.Syntax)
	for span, more := scanner.Next(); more; span, more = scanner.Next() {
		s.spans = append(s.spans, span)
	}
	s.preprocessed = language.Syntax == lex.C
	s.firm = s.preamble()
	return s
}

// from returns the spans that end after offset.
func (s *scanned) from(offset int) []lex.Span {
	first, _ := slices.BinarySearchFunc(s.spans, offset, func(span lex.Span, at int) int {
		if span.End <= at {
			return -1
		}
		return 1
	})
	return s.spans[first:]
}

// parts yields the parts of the spans that lie in r.
func (s *scanned) parts(r Span) iter.Seq2[lex.Kind, []byte] {
	return func(yield func(lex.Kind, []byte) bool) {
		for _, span := range s.from(r.Start) {
			start, end := max(span.Start, r.Start), min(span.End, r.End)
			if start >= end || !yield(span.Kind, s.src[start:end]) {
				return
			}
		}
	}
}

// walk emits the tokens of a range with the white space before each. Literals
// are one token, comments too if they count: all of them, or only those that
// may be code. Other comments are white space, and so a line end if they span
// lines.
func (s *scanned) walk(r Span, comments bool, emit func(kind lex.Kind, gap, text []byte)) {
	var gap []byte
	for kind, text := range s.parts(r) {
		switch {
		case kind == lex.Literal, kind == lex.Comment && (comments || s.directive(text)):
			emit(kind, gap, text)
			gap = gap[:0]
		case kind == lex.Comment:
			gap = append(gap, ' ')
			if s.lines && bytes.IndexByte(text, '\n') >= 0 {
				gap = append(gap, '\n')
			}
		default:
			for token := range tokens(text) {
				if tokenClass(token[0]) == space {
					gap = append(gap, token...)
				} else {
					emit(lex.Code, gap, token)
					gap = gap[:0]
				}
			}
		}
	}
}

// canonical returns the bytes of a range in a form that is the same for ranges
// that differ only in white space or, unless comments is set, in comments and
// white space. Literals stay as they are. A run of white space between two
// tokens becomes one space, or one newline if line ends matter to the grammar,
// followed by the indentation if that matters.
func (s *scanned) canonical(r Span, comments bool) []byte {
	dst := make([]byte, 0, r.End-r.Start)
	lines := s.lines || hasDirective(s.src[r.Start:r.End])
	var d directive
	s.walk(r, comments, func(_ lex.Kind, gap, text []byte) {
		n := len(dst)
		dst = appendGap(dst, gap, text[0], lines, s.indent)
		if s.preprocessed && d.next(gap, text) && len(dst) == n {
			dst = append(dst, ' ')
		}
		dst = append(dst, text...)
	})
	return dst
}

// directive follows a line of the C preprocessor.
type directive uint8

const (
	noDirective directive = iota
	afterHash
	afterDefine
	afterMacro // whose parameters begin at once, or it has none
	verbatim   // a header name or text
)

// next takes a token, and reports whether the white space before it means
// something.
func (d *directive) next(gap, text []byte) (means bool) {
	state := *d
	*d = noDirective
	switch {
	case text[0] == '#' && (len(gap) == 0 && state == noDirective || bytes.IndexByte(gap, '\n') >= 0):
		*d = afterHash
	case bytes.IndexByte(gap, '\n') >= 0:
	case state == afterHash:
		switch string(text) {
		case "define":
			*d = afterDefine
		case "if", "ifdef", "ifndef", "elif", "else", "endif", "undef", "line":
		default:
			*d = verbatim
		}
	case state == afterDefine:
		*d = afterMacro
	case state == afterMacro:
		return len(gap) > 0
	case state == verbatim:
		*d = verbatim
		return len(gap) > 0
	}
	return false
}

// appendGap appends the canonical form of a gap, the white space between the
// last byte of dst and a token that begins with next.
func appendGap(dst, gap []byte, next byte, lines, indent bool) []byte {
	line := bytes.LastIndexByte(gap, '\n')
	switch {
	case indent && (line >= 0 || len(dst) == 0):
		if len(dst) > 0 {
			dst = append(dst, '\n')
		}
		return append(dst, gap[line+1:]...)
	case len(dst) == 0 || len(gap) == 0:
		return dst
	case lines && line >= 0:
		return append(dst, '\n')
	case tokenClass(dst[len(dst)-1]) != other && tokenClass(next) != other || operators(dst[len(dst)-1], next):
		return append(dst, ' ')
	}
	return dst
}

// operators reports whether two adjacent bytes might be read as one operator.
func operators(a, b byte) bool {
	const parts = "+-*/%&|^<>=!:.?#"
	return bytes.IndexByte([]byte(parts), a) >= 0 && bytes.IndexByte([]byte(parts), b) >= 0
}

// hasDirective reports whether a line begins with "#". In C, too, a directive
// ends with its line.
func hasDirective(text []byte) bool {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimLeft(line, " \t"); len(line) > 0 && line[0] == '#' {
			return true
		}
	}
	return false
}

// Blank returns src with its comments and, if asked, its literals replaced by
// spaces. It keeps line ends, so every line and offset stays the same. In an
// unknown language it replaces nothing.
func Blank(src []byte, lang segment.Language, literals bool) []byte {
	out := slices.Clone(src)
	for _, span := range scan(src, lang).spans {
		if span.Kind == lex.Code || span.Kind == lex.Literal && !literals {
			continue
		}
		for i := span.Start; i < span.End; i++ {
			if out[i] != '\n' && out[i] != '\r' {
				out[i] = ' '
			}
		}
	}
	return out
}
