package main

import (
	"bytes"
	"fmt"
	"html"

	"seccodeprm/label/dataset"
)

// picture draws the two sides of a pair as an HTML page. Each step is a box,
// green if it is secure and red if not, beside the source of its label.
func picture(pair []*dataset.Example) []byte {
	var out bytes.Buffer
	r := pair[0].Record
	fmt.Fprintf(&out, `<!DOCTYPE html>
<meta charset="utf-8">
<title>%[1]s</title>
<style>
body { font: 14px sans-serif; margin: 1.5em }
main { display: flex; gap: 1.5em; align-items: flex-start }
section { flex: 1; min-width: 0 }
pre { margin: 3px 0; padding: 4px 8px; border-left: 6px solid; min-height: 1em; overflow-x: auto; tab-size: 4 }
.secure { border-color: #2a9d4a; background: #eef8f0 }
.vulnerable { border-color: #d03030; background: #fdecec }
.empty::before { content: "(empty step)"; color: #888 }
</style>
<h1>%[1]s</h1>
<p>%[2]s, %[3]s</p>
<main>
`, html.EscapeString(r.ID), html.EscapeString(r.File), html.EscapeString(fmt.Sprint(r.CWEs)))
	for _, e := range pair {
		side := "after the fix"
		if e.Vulnerable {
			side = "before the fix"
		}
		fmt.Fprintf(&out, "<section>\n<h2>%s</h2>\n", side)
		for _, s := range e.Rows() {
			class := "vulnerable"
			if s.Secure {
				class = "secure"
			}
			if s.Text == "" {
				class += " empty"
			}
			fmt.Fprintf(&out, "<pre class=%q title=\"lines %d to %d, %s, by %s\">%s</pre>\n",
				class, s.Line, s.EndLine, class, s.From, html.EscapeString(s.Text))
		}
		out.WriteString("</section>\n")
	}
	out.WriteString("</main>\n")
	return out.Bytes()
}
