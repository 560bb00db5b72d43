package dataset

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"regexp"
	"slices"
	"strings"

	"seccodeprm/label"
	"seccodeprm/segment"
)

// The marks that test suites of analysers put into comments.
var (
	badMark = regexp.MustCompile(`\bBAD\b|\bNOT OK\b|\bNON_COMPLIANT\b|\$.*\bAlert\b|\bruleid:|\bFLAW\b`)
	// A spurious alert is an alert that the analyser should not raise.
	spurious = regexp.MustCompile(`\bSPURIOUS\b`)
	goodMark = regexp.MustCompile(`\bGOOD\b|\bOK\b|\bCOMPLIANT\b|\bok:`)
)

// Annotated reads a folder of annotated tests, such as those of CodeQL, its
// coding standards and Semgrep. BAD, NOT OK, NON_COMPLIANT, "$ Alert" or
// "ruleid:" in a comment marks its line, or the next line of code if the
// comment is alone on its line. A file with such marks is vulnerable in these
// lines. A file with only GOOD, OK, COMPLIANT or "ok:" is secure. Other files
// are skipped as Unmarked. Comments are removed from the code, because they
// leak the label.
func Annotated(ctx context.Context, fsys fs.FS, name string) iter.Seq2[*Record, error] {
	return files(ctx, fsys, name, func(file string, data []byte, yield func(*Record, *Skip) bool) bool {
		lang := language(file, "")
		if lang == segment.Unknown {
			return true
		}
		code := label.Blank(data, lang, false)
		if lang == segment.JavaScript || lang == segment.TSX {
			blankElements(data, code)
		}
		flaws, good := marks(data, code)
		r := &Record{ID: file, File: file, Language: lang, CWEs: cwes(pathCWE(file))}
		switch {
		case len(flaws) > 0:
			r.Before, r.Flaws = trimLines(code), flaws
		case good:
			r.After = trimLines(code)
		default:
			return yield(nil, &Skip{File: file, Reason: Unmarked})
		}
		return yield(r, nil)
	})
}

var elementComment = regexp.MustCompile(`(?ms)^[ \t]*\{[ \t]*/\*.*?\*/[ \t]*\}[ \t]*\r?$`)

// blankElements blanks the braces around comments that stand alone between the
// elements of JSX: {/* comment */}.
func blankElements(src, code []byte) {
	for _, at := range elementComment.FindAllIndex(src, -1) {
		text := bytes.TrimSpace(code[at[0]:at[1]])
		if n := len(text); n > 1 && text[0] == '{' && text[n-1] == '}' && len(bytes.TrimSpace(text[1:n-1])) == 0 {
			text[0], text[n-1] = ' ', ' '
		}
	}
}

var inPath = regexp.MustCompile(`(?i)cwe[-_]?(\d+)`)

// pathCWE returns the CWE that a path names, or "".
func pathCWE(file string) string {
	if m := inPath.FindStringSubmatch(file); m != nil {
		return "CWE-" + m[1]
	}
	return ""
}

// marks returns the lines that the comments of src mark as vulnerable, and
// whether any comment marks code as secure. code is src with its comments
// blanked.
func marks(src, code []byte) (flaws []int, good bool) {
	n, waiting := 0, false
	for offset := 0; offset < len(src); {
		n++
		end := offset + len(src[offset:])
		if i := bytes.IndexByte(src[offset:], '\n'); i >= 0 {
			end = offset + i + 1
		}
		var comment []byte
		for i := offset; i < end; i++ {
			if code[i] != src[i] {
				comment = append(comment, src[i])
			} else if len(comment) > 0 && comment[len(comment)-1] != ' ' {
				comment = append(comment, ' ') // a space in a comment is a space in code, too
			}
		}
		alone := len(bytes.TrimSpace(code[offset:end])) == 0
		bad := badMark.Match(comment) && !spurious.Match(comment)
		good = good || !bad && goodMark.Match(comment)
		switch {
		case alone:
			waiting = waiting || bad
		case bad || waiting:
			flaws = append(flaws, n)
			waiting = false
		}
		offset = end
	}
	return flaws, good
}

// trimLines removes white space at the ends of lines, which blanked comments
// have left there.
func trimLines(code []byte) []byte {
	out := make([]byte, 0, len(code))
	for line := range bytes.Lines(code) {
		text := bytes.TrimRight(line, " \t\r\n")
		out = append(out, text...)
		if line[len(line)-1] == '\n' {
			out = append(out, '\n')
		}
	}
	return out
}

// Juliet reads a folder of the Juliet suites for C, C++ and Java. The
// vulnerable part of a file (OMITBAD, bad methods) and its secure part
// (OMITGOOD, good methods) are a pair; FLAW comments mark the vulnerable lines.
// Comments are removed, and names that leak the label (good, bad, CWE numbers)
// are replaced. A file without both parts is skipped as Unmarked.
func Juliet(ctx context.Context, fsys fs.FS, name string) iter.Seq2[*Record, error] {
	return files(ctx, fsys, name, func(file string, data []byte, yield func(*Record, *Skip) bool) bool {
		lang := language(file, "")
		part := omitted
		switch lang {
		case segment.C, segment.CPP:
		case segment.Java:
			part = methods
		default:
			return true
		}
		code := label.Blank(data, lang, false)
		bad, good := part(data, lang, "bad"), part(data, lang, "good")
		if len(bad) == 0 || len(good) == 0 {
			return yield(nil, &Skip{File: file, Reason: Unmarked, Detail: fmt.Sprintf("%d bad parts, %d good", len(bad), len(good))})
		}
		r := &Record{ID: file, File: path.Base(file), Language: lang, CWEs: cwes(pathCWE(file))}
		lines := 0
		for _, s := range bad {
			flaws, _ := marks(data[s.Start:s.End], code[s.Start:s.End])
			for _, n := range flaws {
				r.Flaws = append(r.Flaws, lines+n)
			}
			r.Before = append(r.Before, code[s.Start:s.End]...)
			lines += bytes.Count(code[s.Start:s.End], []byte("\n"))
		}
		for _, s := range good {
			r.After = append(r.After, code[s.Start:s.End]...)
		}
		r.Before, r.After = trimLines(anonymous(r.Before)), trimLines(anonymous(r.After))
		return yield(r, nil)
	})
}

var telling = regexp.MustCompile(`(?i)\b\w*(?:good|bad|cwe_?\d+)\w*\b`)

// anonymous replaces the names that leak the label, and numbers them in order
// of appearance.
func anonymous(code []byte) []byte {
	names := map[string]string{}
	return telling.ReplaceAllFunc(code, func(name []byte) []byte {
		to, ok := names[string(name)]
		if !ok {
			to = fmt.Sprintf("name%d", len(names)+1)
			names[string(name)] = to
		}
		return []byte(to)
	})
}

// omitted returns the lines between "#ifndef OMITBAD" (or OMITGOOD) and its
// #endif. side is "bad" or "good".
func omitted(src []byte, _ segment.Language, side string) (parts []label.Span) {
	start, depth, offset := 0, 0, 0
	open := "#ifndef OMIT" + strings.ToUpper(side)
	for line := range bytes.Lines(src) {
		end := offset + len(line)
		text := strings.TrimSpace(string(line))
		switch {
		case depth == 0 && strings.HasPrefix(text, open):
			start, depth = end, 1
		case depth > 0 && strings.HasPrefix(text, "#if"):
			depth++
		case depth > 0 && strings.HasPrefix(text, "#endif"):
			if depth--; depth == 0 && offset > start {
				parts = append(parts, label.Span{Start: start, End: offset})
			}
		}
		offset = end
	}
	return parts
}

var method = regexp.MustCompile(`(?m)^[ \t]*(?:(?:public|private|protected|static|final)[ \t]+)*\w+[ \t]+(\w+)\([^;{}]*\)[^;{}]*\{`)

// methods returns the methods of a Java file whose names contain side.
func methods(src []byte, lang segment.Language, side string) (parts []label.Span) {
	code := label.Blank(src, lang, true)
	for at := 0; at < len(code); {
		m := method.FindSubmatchIndex(code[at:])
		if m == nil {
			break
		}
		name := strings.ToLower(string(code[at+m[2] : at+m[3]]))
		start, end := at+m[0], at+m[1]
		if !strings.Contains(name, side) {
			at = end
			continue
		}
		for depth := 1; end < len(code) && depth > 0; end++ {
			switch code[end] {
			case '{':
				depth++
			case '}':
				depth--
			}
		}
		if i := bytes.IndexByte(code[end:], '\n'); i >= 0 {
			end += i + 1
		}
		parts = append(parts, label.Span{Start: start, End: end})
		at = end
	}
	return slices.Clip(parts)
}
