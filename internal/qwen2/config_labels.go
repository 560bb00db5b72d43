package qwen2

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// readLabels resolves the classes of a classification head.
func (c *Config) readLabels(f *fields) {
	c.TokenClassificationBias = f.truthOr("token_classification_bias", true)
	names := f.nested("id2label")
	c.NumLabels = 2
	if names != nil {
		c.NumLabels = len(names.keys)
		if c.NumLabels < 1 || c.NumLabels > maxLabels {
			f.fail("id2label", "has %d entries, must have 1..%d", c.NumLabels, maxLabels)
			return
		}
	}
	if f.stated("num_labels") {
		n := f.integer("num_labels", 1, maxLabels)
		if names != nil && n != c.NumLabels && len(*f.problems) == 0 {
			f.fail("num_labels", "%d contradicts the %d entries of id2label", n, c.NumLabels)
		}
		c.NumLabels = n
	}
	if len(*f.problems) > 0 {
		return
	}
	c.ID2Label = make(map[int]string, c.NumLabels)
	if names == nil {
		for i := range c.NumLabels {
			c.ID2Label[i] = "LABEL_" + strconv.Itoa(i)
		}
		return
	}
	labels := &fields{obj: names, prefix: f.prefix + "id2label.", problems: f.problems}
	for _, key := range slices.Sorted(slices.Values(names.keys)) {
		i, err := strconv.Atoi(key)
		if err != nil || strconv.Itoa(i) != key || i < 0 || i >= c.NumLabels {
			labels.fail(key, "the key must be a class in 0..%d", c.NumLabels-1)
			continue
		}
		c.ID2Label[i] = labels.label(key)
	}
}

// label reads the name of a class, as Python prints it: transformers takes
// whatever value is there.
func (f *fields) label(key string) string {
	switch v := f.value(key).(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case number:
		return string(v)
	default:
		return f.textOr(key, "")
	}
}

// SecureLabel returns the class that means secure, judged by its name in
// ID2Label: "SAFE", "secure", "not_vulnerable" and the like, in any case and
// spelling. If one of two names means vulnerable, it is the other class. If the
// names say nothing or contradict each other, it is 1, as in the released
// models. The result is meaningless for a head with one output.
func (c *Config) SecureLabel() int {
	if c.NumLabels < 2 {
		return 1
	}
	var secure, vulnerable []int
	for i := range c.NumLabels {
		switch verdictOf(c.ID2Label[i]) {
		case +1:
			secure = append(secure, i)
		case -1:
			vulnerable = append(vulnerable, i)
		}
	}
	switch {
	case len(secure) == 1:
		return secure[0]
	case len(secure) == 0 && len(vulnerable) == 1 && c.NumLabels == 2:
		return 1 - vulnerable[0]
	}
	return 1
}

// verdictOf judges a label name: +1 secure, -1 vulnerable, 0 neither or both.
// It compares whole words, because "insecure" contains "secure". A negation
// inverts the word after it.
func verdictOf(label string) int {
	words := strings.FieldsFunc(splitCamel(label), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	verdict, sign := 0, 1
	for _, word := range words {
		v := 0
		switch strings.ToLower(word) {
		case "not", "non", "no", "un":
			sign = -1
			continue
		case "secure", "safe", "benign", "clean", "good", "fixed", "patched", "nonvulnerable", "notvulnerable", "invulnerable":
			v = +1
		case "vulnerable", "insecure", "unsafe", "bad", "vul", "vuln", "vulnerability", "malicious", "nonsecure", "notsecure", "unsecure":
			v = -1
		}
		v *= sign
		sign = 1
		if v != 0 && verdict != 0 && v != verdict {
			return 0
		}
		if v != 0 {
			verdict = v
		}
	}
	return verdict
}

// splitCamel inserts a space before a capital that follows a lower-case letter.
func splitCamel(s string) string {
	var b strings.Builder
	small := false
	for _, r := range s {
		if small && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		small = unicode.IsLower(r)
		b.WriteRune(r)
	}
	return b.String()
}
