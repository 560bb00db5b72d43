package sarif

import (
	"strconv"
	"strings"
)

// message is a text, or the id of one of the rule or the tool, with arguments.
type message struct {
	text, id  string
	arguments []string
}

// message reads a message. Some tools write a string in its place.
func (r *reader) message() (m message) {
	if r.j.Peek() == '"' {
		m.text = r.text()
		return m
	}
	for key := range r.members() {
		switch key {
		case "text":
			m.text = r.text()
		case "id":
			m.id = r.name()
		case "arguments":
			for range r.array() {
				m.arguments = append(m.arguments, r.name())
			}
		}
	}
	return m
}

// messages reads messageStrings or globalMessageStrings.
func (r *reader) messages() map[string]string {
	all := map[string]string{}
	for id := range r.members() {
		all[id] = r.message().text
	}
	return all
}

// text returns the text of a message of a result of the rule, which may be nil.
// odd says why it cannot be read.
func (run *toolRun) text(m message, rule *descriptor) (text, odd string) {
	text = m.text
	if text == "" && m.id != "" {
		var ok bool
		if rule != nil {
			text, ok = rule.messages[m.id]
		}
		for i := 0; i < len(run.components) && !ok; i++ {
			text, ok = run.components[i].messages[m.id]
		}
		for i := 0; i < len(run.components) && text == "" && odd == ""; i++ {
			odd = run.components[i].oddMessages
		}
	} else if len(m.arguments) == 0 {
		return text, "" // many tools do not double the braces of a text
	}
	return fill(text, m.arguments), odd
}

// fill replaces {0}, {1} and so on by the arguments, and doubled braces by
// single ones. A placeholder without an argument stays as it is.
func fill(text string, arguments []string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '{' && c != '}' {
			b.WriteByte(c)
			continue
		}
		if i+1 < len(text) && text[i+1] == c {
			i++
		} else if end := strings.IndexByte(text[i:], '}'); c == '{' && end > 0 {
			if n, err := strconv.ParseUint(text[i+1:i+end], 10, 16); err == nil && int(n) < len(arguments) {
				b.WriteString(arguments[n])
				i += end
				continue
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}
