package dataset

import (
	"regexp"
	"strings"
)

// diffHeader is what the lines before the hunks of a diff say about them.
type diffHeader struct {
	commit, date string
	candidate    string // the hash of a line that looks like a commit line
	header       bool   // in the header of a commit or mail
	encoded      string // the mail's transfer encoding, if it has one

	old, file string // names, with their prefixes
	renamed   string // the new name of a renamed or copied file, without one
	created   bool   // or deleted, so not a pair
}

var (
	commitLine = regexp.MustCompile(`^commit ([0-9a-f]{7,64})(?: |\r?$)`)
	mailLine   = regexp.MustCompile(`^From ([0-9a-f]{40}|[0-9a-f]{64}) Mon Sep 17 00:00:00 2001\r?$`)
	afterLine  = regexp.MustCompile(`^(?:Author|Merge|Reflog|tree|log size|gpg)[: ]`) // after a commit line
	encoding   = regexp.MustCompile(`(?i)^Content-Transfer-Encoding:\s*(\S+)`)
	dateLine   = regexp.MustCompile(`^(?:Date|CommitDate):\s+(\S.*?)\r?$`)
)

// read takes a line that is in no hunk, and reports whether it is one of the
// header of a file.
func (h *diffHeader) read(text string) bool {
	if h.candidate != "" && afterLine.MatchString(text) {
		h.commit, h.date, h.header = h.candidate, "", true
	}
	h.candidate = ""
	if m := mailLine.FindStringSubmatch(text); m != nil {
		h.commit, h.date, h.header, h.encoded = m[1], "", true, ""
		return false
	}
	if m := encoding.FindStringSubmatch(text); m != nil {
		switch h.encoded = strings.ToLower(m[1]); h.encoded {
		case "7bit", "8bit", "binary":
			h.encoded = ""
		}
		return false
	}
	if m := commitLine.FindStringSubmatch(text); m != nil {
		h.candidate = m[1] // prose may begin so too
		return false
	}
	switch {
	case strings.HasPrefix(text, "diff -"):
		*h = diffHeader{commit: h.commit, date: h.date, encoded: h.encoded}
	case strings.HasPrefix(text, "new file"), strings.HasPrefix(text, "deleted file"):
		h.created = true
		return false
	case strings.HasPrefix(text, "rename to "), strings.HasPrefix(text, "copy to "):
		_, name, _ := strings.Cut(text, " to ")
		h.renamed = diffName(name)
		return false
	case strings.HasPrefix(text, "--- "):
		h.old = diffName(text[4:])
		return false
	case strings.HasPrefix(text, "+++ "):
		h.file = diffName(text[4:])
	case strings.TrimSpace(text) == "":
		h.header = false
		return false
	default:
		if m := dateLine.FindStringSubmatch(text); m != nil && h.header {
			h.date = m[1]
		}
		return false
	}
	return true
}

// path returns the name of the file without the prefixes that git adds, which
// are "a/" and "b/" by default, but others by option, or none. Unless git says
// that a file was renamed both names are the same but for the prefix.
func (h *diffHeader) path() string {
	const none = "/dev/null"
	switch {
	case h.renamed != "":
		return h.renamed
	case h.file == none:
		return strings.TrimPrefix(h.old, "a/")
	case h.old == none, h.old == "":
		return strings.TrimPrefix(h.file, "b/")
	case h.old == h.file:
		return h.file
	}
	same := 0 // bytes at the end
	for n := 1; n < len(h.old) && n < len(h.file) && h.old[len(h.old)-n] == h.file[len(h.file)-n]; n++ {
		if h.old[len(h.old)-n-1] == '/' && h.file[len(h.file)-n-1] == '/' {
			same = n
		}
	}
	if same == 0 {
		return strings.TrimPrefix(h.file, "b/")
	}
	return h.file[len(h.file)-same:]
}

// diffName reads a file name of a diff: in quotes with escapes as in C, or up to
// a tab, after which GNU diff writes a date.
func diffName(text string) string {
	text = strings.TrimSuffix(text, "\r")
	if !strings.HasPrefix(text, `"`) {
		name, _, _ := strings.Cut(text, "\t")
		return name
	}
	const letters, meaning = `abfnrtv"\`, "\a\b\f\n\r\t\v\"\\"
	var name []byte
	for i := 1; i < len(text) && text[i] != '"'; i++ {
		c := text[i]
		if c == '\\' && i+1 < len(text) {
			i++
			if k := strings.IndexByte(letters, text[i]); k >= 0 {
				c = meaning[k]
			} else {
				c = 0
				for end := min(i+3, len(text)); i < end && '0' <= text[i] && text[i] <= '7'; i++ {
					c = c<<3 | (text[i] - '0')
				}
				i--
			}
		}
		name = append(name, c)
	}
	return string(name)
}
