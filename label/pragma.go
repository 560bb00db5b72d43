package label

import (
	"bytes"
	"regexp"

	"seccodeprm/internal/lex"
	"seccodeprm/segment"
)

// Comments that compilers, interpreters and bundlers read. In doubt a comment is
// one of them: a change of it then counts as one of the code.
var (
	directiveC     = regexp.MustCompile(`\?\?/\s*$`) // a trigraph that joins the next line
	directiveGo    = regexp.MustCompile(`^//(?:line |extern |export |[a-z0-9]+:[a-z0-9])|^/\*line |^//\s*\+build\b`)
	directivePy    = regexp.MustCompile(`coding[:=][ \t]*[-\w.]`)
	directiveJava  = regexp.MustCompile(`\\u`) // may be the escape of a line end
	directiveJS    = regexp.MustCompile(`@cc_on|^/\*@|@jsx|[#@]__[A-Z_]+__|webpack[A-Z]|@vite-|^///\s*<|^//[#@] ?source|@ts-|@flow\b`)
	directiveScala = regexp.MustCompile(`^//>`)
	buildLine      = regexp.MustCompile(`^//\s*\+build\b`)
)

// directive reports whether a comment, or the part of one, may be code.
func (s *scanned) directive(comment []byte) bool {
	if bytes.HasPrefix(comment, []byte("#!")) { // the interpreter
		return true
	}
	switch s.lang {
	case segment.C, segment.CPP:
		return directiveC.Match(comment)
	case segment.Python:
		return directivePy.Match(comment)
	case segment.Go:
		return directiveGo.Match(comment)
	case segment.Java:
		return directiveJava.Match(comment)
	case segment.JavaScript, segment.TypeScript, segment.TSX:
		return directiveJS.Match(comment)
	case segment.Scala:
		return directiveScala.Match(comment)
	}
	return false
}

// preamble returns the end of the start of a source in which comments and blank
// lines matter: in Go up to the import of "C", above which a comment holds the
// C code of cgo, and up to the blank line after a "+build" comment; in Python up
// to the comment that names the encoding, which has to be in the first two
// lines.
func (s *scanned) preamble() (end int) {
	if s.lang != segment.Go && s.lang != segment.Python {
		return 0
	}
	lines := bytes.SplitAfterN(s.src, newline, 3)
	third := len(s.src) - len(lines[len(lines)-1])
	for _, span := range s.spans {
		text := s.src[span.Start:span.End]
		switch {
		case s.lang == segment.Python && len(lines) == 3 && span.Start >= third:
			return end
		case s.lang == segment.Python && span.Kind == lex.Comment && directivePy.Match(text):
			end = span.End
		case s.lang == segment.Go && span.Kind == lex.Comment && buildLine.Match(text):
			end = span.End + 2
		case s.lang == segment.Go && span.Kind == lex.Literal && (string(text) == `"C"` || string(text) == "`C`"):
			line := s.src[bytes.LastIndexByte(s.src[:span.Start], '\n')+1 : span.Start]
			rest := bytes.TrimLeft(s.src[span.End:], " \t\r")
			switch string(bytes.TrimSpace(line)) {
			case "", "import", "import (", "import(":
				if len(rest) == 0 || bytes.IndexByte([]byte("\n;)/"), rest[0]) >= 0 { // no element of a list
					end = span.End
				}
			}
		}
	}
	return end
}

// bound reports whether what precedes offset binds what follows it: an escaped
// line end, or a comment that may be code and then applies to the next line.
func (s *scanned) bound(offset int) bool {
	text := s.src[:offset]
	if (s.preprocessed || s.indent) && offset > 0 && (lex.Spliced(text) || bytes.HasSuffix(bytes.TrimRight(text, "\r\n"), []byte("??/"))) {
		return true
	}
	i := len(s.spans) - len(s.from(offset))
	if i < len(s.spans) && s.spans[i].Start < offset {
		if s.spans[i].Kind != lex.Code || len(bytes.TrimSpace(s.src[s.spans[i].Start:offset])) > 0 {
			return false
		}
	} else if i > 0 && s.spans[i-1].Kind == lex.Code && len(bytes.TrimSpace(s.src[s.spans[i-1].Start:s.spans[i-1].End])) == 0 {
		i--
	}
	return i > 0 && s.spans[i-1].Kind == lex.Comment && s.directive(s.src[s.spans[i-1].Start:s.spans[i-1].End])
}

// open returns the kind of the comment or literal that begins before offset and
// ends after it, and how many bytes of it follow. Otherwise it returns Code, 0.
func (s *scanned) open(offset int) (kind lex.Kind, left int) {
	for _, span := range s.from(offset) {
		if span.Start < offset && span.Kind != lex.Code {
			return span.Kind, span.End - offset
		}
		break
	}
	return lex.Code, 0
}

// alike reports whether two sources read alike at the offsets x and y, which are
// followed by n equal bytes: what a comment opens or closes before them is the
// same.
func alike(a, b *scanned, x, y, n int) bool {
	kind, left := a.open(x)
	other, right := b.open(y)
	return kind == other && min(left, n) == min(right, n)
}
