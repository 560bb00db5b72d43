package label_test

import (
	"context"
	"fmt"

	"seccodeprm/label"
	"seccodeprm/segment"
)

func ExampleFix() {
	before := []byte("def get(name):\n    log(name)\n\n    return open(\"data/\" + name)\n")
	after := []byte("def get(name):\n    log(name)\n\n    return open(safe_join(\"data\", name))\n")
	pair, err := label.Fix(context.Background(), before, after, segment.Python, label.Rule{
		Policy: segment.Policy{Preset: segment.Paper},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, step := range pair.Vulnerable {
		fmt.Printf("lines %d-%d: secure %t, by %v\n", step.Line, step.EndLine, step.Secure, step.From)
	}
	// Output:
	// lines 1-3: secure true, by diff
	// lines 4-4: secure false, by diff
}

func ExampleCallGraph() {
	g := label.NewCallGraph([]label.File{{Name: "a.c", Lang: segment.C, Source: []byte(
		"void copy(char *d, char *s) { strcpy(d, s); }\n" +
			"void load(char *s) { char d[8]; copy(d, s); }\n" +
			"int main(int n, char **v) { load(v[1]); return n; }\n")}})
	callers, stopped, err := g.Callers([]int{0}, label.CallerOptions{})
	for _, c := range callers {
		fmt.Println(g.Functions[c.Function].Name, c.Depth, c.Via.Grade)
	}
	fmt.Println(stopped, err)
	// Output:
	// load 1 exact
	// main 2 exact
	// false <nil>
}
