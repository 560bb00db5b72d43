package dataset

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"regexp"
	"strconv"
	"strings"

	"seccodeprm/segment"
)

// GitDiff reads the output of git diff, git log -p, git show or git
// format-patch, and other unified diffs. Each hunk of a file in a known language
// is a pair, the vulnerable side first; with git diff --unified=1000000 a whole
// file is one hunk. Names are without the prefixes of git, and colours are
// removed. New and deleted files have only one side and are skipped as
// Incomplete, hunks of merges, with several versions before, as Combined, and
// context diffs as Malformed. Binary files are ignored. A text without any diff
// is ErrFormat.
func GitDiff(ctx context.Context, fsys fs.FS, name string) iter.Seq2[*Record, error] {
	return whole(ctx, func(yield func(*Record, error) bool) {
		d := diff{name: name}
		for at, err := range allLines(ctx, fsys, name) {
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			if !d.line(at, yield) {
				return
			}
		}
		d.end(yield)
	})
}

// diff is the state of reading a diff.
type diff struct {
	name string
	diffHeader
	coloured bool
	any      bool // text that is not blank
	seen     bool // a diff
	context  bool // in a context diff

	r          *Record
	at         row
	left, todo int   // remaining lines of the hunk, before and after
	combined   []int // the same of a combined hunk: in each parent, then after
}

// line takes the next line. It returns false if yield did.
func (d *diff) line(at row, yield func(*Record, error) bool) bool {
	text := d.plain(string(at.text))
	switch {
	case d.combined != nil:
		if d.combinedLine(text) {
			return true
		}
	case d.r != nil && (d.left > 0 || d.todo > 0):
		return d.hunkLine(at, text, yield)
	}
	d.any = d.any || strings.TrimSpace(text) != ""
	switch {
	case strings.HasPrefix(text, "@@@"):
		return d.openCombined(at, text, yield)
	case hunkHeader.MatchString(text):
		return d.open(at, hunkHeader.FindStringSubmatch(text), yield)
	case strings.HasPrefix(text, "*** ") && !d.header:
		d.context = true
	case strings.HasPrefix(text, "***************") && d.context:
		d.seen = true
		return yield(nil, at.skip(Malformed, "a hunk of a context diff, not of a unified one"))
	case d.read(text):
		d.seen, d.context = true, false
	}
	return true
}

// hunkLine takes a line of a hunk.
func (d *diff) hunkLine(at row, text string, yield func(*Record, error) bool) bool {
	switch {
	case strings.HasPrefix(text, "-"):
		d.r.Before = append(append(d.r.Before, text[1:]...), '\n')
		d.left--
	case strings.HasPrefix(text, "+"):
		d.r.After = append(append(d.r.After, text[1:]...), '\n')
		d.todo--
	case strings.HasPrefix(text, " "), text == "", text == "\r": // some tools drop the space
		line := strings.TrimPrefix(text, " ")
		d.r.Before = append(append(d.r.Before, line...), '\n')
		d.r.After = append(append(d.r.After, line...), '\n')
		d.left--
		d.todo--
	case strings.HasPrefix(text, `\`): // no newline at the end of the file
	default:
		skip := at.skip(Malformed, fmt.Sprintf("hunk ends %d lines early", max(d.left, d.todo)))
		d.r = nil
		return yield(nil, skip) && d.line(at, yield)
	}
	return d.done(yield)
}

var hunkHeader = regexp.MustCompile(`^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@ ?(.*)$`)

// count reads the number of lines in the header of a hunk.
func count(text string) int {
	if text == "" {
		return 1
	}
	n, err := strconv.Atoi(text) // only digits
	if err != nil {
		return 1 << 30 // too many; the hunk ends early
	}
	return n
}

// open begins a hunk.
func (d *diff) open(at row, m []string, yield func(*Record, error) bool) bool {
	d.seen = true
	d.left, d.todo, d.at = count(m[1]), count(m[2]), at
	d.at.text = nil
	file := d.path()
	d.r = &Record{
		ID: at.id(), Commit: d.commit, File: file, Function: m[3],
		Language: language(file, ""), Date: date(d.date), Before: []byte{}, After: []byte{},
	}
	return d.done(yield)
}

// done yields the hunk once it is complete.
func (d *diff) done(yield func(*Record, error) bool) bool {
	if d.left > 0 || d.todo > 0 {
		return true
	}
	r := d.r
	d.r = nil
	switch {
	case r.File == "":
		return yield(nil, d.at.skip(Incomplete, "a hunk before any file name"))
	case r.Language == segment.Unknown:
		return true
	case d.encoded != "":
		return yield(nil, d.at.skip(Malformed, "a mail in "+d.encoded))
	case d.created:
		return yield(nil, d.at.skip(Incomplete, "a file that is new or deleted"))
	}
	if reason := r.check(); reason != "" {
		return yield(nil, d.at.skip(reason, r.File))
	}
	return yield(r, nil)
}

var combinedHeader = regexp.MustCompile(`^@@@+((?: -\d+(?:,\d+)?)+) \+\d+(?:,(\d+))? @@@+`)

// openCombined begins a hunk of a merge, which is skipped.
func (d *diff) openCombined(at row, text string, yield func(*Record, error) bool) bool {
	m := combinedHeader.FindStringSubmatch(text)
	if m == nil {
		return true
	}
	d.seen = true
	for _, parent := range strings.Fields(m[1]) {
		_, lines, _ := strings.Cut(parent, ",")
		d.combined = append(d.combined, count(lines))
	}
	d.combined = append(d.combined, count(m[2]))
	file := d.path()
	if file != "" && language(file, "") == segment.Unknown {
		return true
	}
	return yield(nil, at.skip(Combined, file))
}

// combinedLine takes a line of a combined hunk, and reports whether it is one.
func (d *diff) combinedLine(text string) bool {
	if strings.HasPrefix(text, `\`) {
		return true
	}
	parents := len(d.combined) - 1
	marks := text[:min(len(text), parents)]
	if strings.Trim(marks, " +-") != "" {
		d.combined = nil
		return false
	}
	marks += strings.Repeat(" ", parents-len(marks))
	left := 0
	for i := range d.combined {
		has := i < parents && marks[i] != '+' || i == parents
		if i == parents && strings.Contains(marks, "-") || i < parents && marks[i] == ' ' && strings.Contains(marks, "-") {
			has = false
		}
		if has {
			d.combined[i]--
		}
		left = max(left, d.combined[i])
	}
	if left <= 0 {
		d.combined = nil
	}
	return true
}

// end reports a hunk that is cut off by the end of the file.
func (d *diff) end(yield func(*Record, error) bool) {
	switch {
	case d.r != nil:
		yield(nil, d.at.skip(Malformed, "hunk cut off at the end of the file"))
	case d.any && !d.seen:
		yield(nil, fmt.Errorf("%w: %s: no diff in it", ErrFormat, d.name))
	}
}

var colour = regexp.MustCompile("\x1b\\[[0-9;]*[mK]")

// plain returns a line without colours if the diff has them.
func (d *diff) plain(text string) string {
	if !d.coloured && strings.HasPrefix(text, "\x1b[") {
		plain := colour.ReplaceAllString(text, "")
		for _, start := range []string{"diff -", "commit ", "--- ", "+++ ", "@@"} {
			d.coloured = d.coloured || strings.HasPrefix(plain, start)
		}
	}
	if d.coloured {
		return colour.ReplaceAllString(text, "")
	}
	return text
}
