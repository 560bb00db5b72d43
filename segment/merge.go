package segment

import "strings"

// Labelled is the text of a step and its label.
type Labelled struct {
	Text   string
	Secure bool
}

// MergeLabelled joins labelled steps as the paper's data cleaning does (its
// section on compact and structural merging): a step that closes what stands
// before it joins that step, and one that only leads to what follows joins the
// next, in both cases where their labels are equal. The strings are those of the
// released pipeline (data/clean_data.py of SecCodePRM), some of which stand for
// one project of its data only.
//
// join is put between the parts: "" as released, where the last line of one
// part and the first of the next become one line; the paper does not say. The
// steps given stay as they are.
func MergeLabelled(steps []Labelled, join string) []Labelled {
	var out []Labelled
	lead := "" // what joins the step at hand
	for i, s := range steps {
		s.Text = lead + s.Text
		lead = ""
		bare := strings.TrimSpace(s.Text)
		if n := len(out); n > 0 && out[n-1].Secure == s.Secure && closes(bare) {
			out[n-1].Text += join + s.Text
			continue
		}
		if i+1 < len(steps) && steps[i+1].Secure == s.Secure && opensNext(bare) {
			lead = s.Text + join
			continue
		}
		out = append(out, s)
	}
	return out
}

// closes holds for the suffix patterns of the paper.
func closes(text string) bool {
	if strings.HasPrefix(text, "return") || strings.HasPrefix(text, "else") {
		return true
	}
	switch text {
	case "", "}", "break;", "*/", `"""`, "#else", "#endif", "#endif /*GPAC_DISABLE_ISOM_WRITE*/",
		"LOG_FUNC_CALLED(card->ctx);", "virResetLastError();":
		return true
	}
	return false
}

// opensNext holds for the prefix patterns of the paper.
func opensNext(text string) bool {
	switch text {
	case "namespace {", "lock_sock(sk);", "#ifndef GPAC_DISABLE_ISOM_WRITE",
		"MagickBooleanType\n    status;", "register ssize_t\n    i;", "register ssize_t\n      x;", "ssize_t\n    y;", "Image\n    *image;",
		"This program is distributed in the hope that it will be useful,\n   but WITHOUT ANY WARRANTY; without even the implied warranty of\n   MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the\n   GNU General Public License for more details.",
		"This program is free software: you can redistribute it and/or modify\n   it under the terms of the GNU General Public License as published by\n   the Free Software Foundation, either version 3 of the License, or\n   (at your option) any later version.",
		"You should have received a copy of the GNU General Public License\n   along with this program.  If not, see <http://www.gnu.org/licenses/>.\n*/":
		return true
	}
	return false
}
