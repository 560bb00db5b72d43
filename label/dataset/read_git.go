package dataset

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"regexp"
	"strings"
)

var (
	hunkHeader = regexp.MustCompile(`^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@ ?(.*)$`)
	commitLine = regexp.MustCompile(`^commit ([0-9a-f]{7,64})`)
	dateLine   = regexp.MustCompile(`^Date:\s+(\S.*)$`)
)

// GitDiff reads the output of git diff, git log -p or git show. Each hunk of a
// file in a known language is a pair, the vulnerable side first; with git diff
// --unified=1000000 a whole file is one hunk. New and deleted files have only
// one side and are skipped as Incomplete. Binary files are ignored. Dates are
// read as git log --date=iso-strict writes them.
func GitDiff(ctx context.Context, fsys fs.FS, name string) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
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
	}
}

// diff is the state of reading a diff.
type diff struct {
	name       string
	commit     string
	date       string
	file       string
	created    bool // or deleted, so not a pair
	r          *Record
	at         row
	left, todo int // remaining lines of the hunk, before and after
}

// line takes the next line. It returns false if yield did.
func (d *diff) line(at row, yield func(*Record, error) bool) bool {
	text := string(at.text)
	if d.r != nil && (d.left > 0 || d.todo > 0) {
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
	switch {
	case strings.HasPrefix(text, "diff --git "):
		d.file, d.created = "", false
	case strings.HasPrefix(text, "new file"), strings.HasPrefix(text, "deleted file"):
		d.created = true
	case strings.HasPrefix(text, "+++ "):
		d.file = strings.TrimPrefix(strings.Trim(strings.TrimSpace(text[4:]), `"`), "b/")
	case commitLine.MatchString(text):
		d.commit = commitLine.FindStringSubmatch(text)[1]
	case dateLine.MatchString(text):
		d.date = dateLine.FindStringSubmatch(text)[1]
	case hunkHeader.MatchString(text):
		return d.open(at, hunkHeader.FindStringSubmatch(text), yield)
	}
	return true
}

// open begins a hunk.
func (d *diff) open(at row, m []string, yield func(*Record, error) bool) bool {
	count := func(text string) int {
		if text == "" {
			return 1
		}
		n := 0
		fmt.Sscan(text, &n) // only digits
		return n
	}
	d.left, d.todo, d.at = count(m[1]), count(m[2]), at
	d.at.text = nil
	d.r = &Record{
		ID: at.id(), Commit: d.commit, File: d.file, Function: m[3],
		Language: language(d.file, ""), Date: date(d.date), Before: []byte{}, After: []byte{},
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
	case r.Language == 0:
		return true
	case d.created:
		return yield(nil, d.at.skip(Incomplete, "a file that is new or deleted"))
	}
	if reason := r.check(); reason != "" {
		return yield(nil, d.at.skip(reason, r.File))
	}
	return yield(r, nil)
}

// end reports a hunk that is cut off by the end of the file.
func (d *diff) end(yield func(*Record, error) bool) {
	if d.r != nil {
		yield(nil, d.at.skip(Malformed, "hunk cut off at the end of the file"))
	}
}
