package segment

import "seccodeprm/internal/lex"

// markComments sets NoOp on the steps that hold nothing but comments and white
// space. One scan of the whole source, and not one of each step, tells a step
// that lies inside a comment from one that lies inside a string.
func markComments(steps []Step, src []byte, lang Language) {
	language := lex.LanguageAt(int(lang))
	if !language.Known || len(steps) == 0 {
		return
	}
	scan := lex.New(src, language.Syntax)
	span, more := scan.Next()
	for i := range steps {
		s := &steps[i]
		code := false
		for more && span.Start < s.End {
			if span.Kind != lex.Comment && !code {
				code = !isSpace(src[max(s.Start, span.Start):min(s.End, span.End)])
			}
			if span.End > s.End { // goes on in the next step
				break
			}
			span, more = scan.Next()
		}
		s.NoOp = !code
	}
}
