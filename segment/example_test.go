package segment_test

import (
	"fmt"

	"seccodeprm/segment"
)

func Example() {
	src := []byte("// Copies a name.\n\nchar name[16];\nstrcpy(name, arg);\n\nputs(name);\n")
	policy := segment.Policy{Preset: segment.BlankLines, CommentsNoOp: true}
	steps, err := policy.Steps(src, segment.LanguageOf("copy.c"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range steps {
		fmt.Printf("bytes %d-%d, lines %d-%d, no-op %t: %q\n",
			s.Start, s.End, s.Line, s.EndLine, s.NoOp, policy.AppendText(nil, src, s))
	}
	// Output:
	// bytes 0-19, lines 1-2, no-op true: "// Copies a name."
	// bytes 19-54, lines 3-5, no-op false: "char name[16];\nstrcpy(name, arg);"
	// bytes 54-66, lines 6-6, no-op false: "puts(name);"
}

func ExamplePolicy_AppendText() {
	src := []byte("a = 1\n\n\nb = 2\n")
	for _, preset := range []string{segment.Paper, segment.BlankLines} {
		policy := segment.Policy{Preset: preset}
		steps, _ := policy.Steps(src, segment.Python)
		for _, s := range steps {
			fmt.Printf("%s %q -> %q\n", preset, src[s.Start:s.End], policy.AppendText(nil, src, s))
		}
	}
	// Output:
	// paper "a = 1\n\n" -> "a = 1"
	// paper "\nb = 2\n" -> "\nb = 2\n"
	// blank-lines "a = 1\n\n\n" -> "a = 1"
	// blank-lines "b = 2\n" -> "b = 2"
}

func ExampleParsePolicy() {
	policy, err := segment.ParsePolicy("paper+comments")
	fmt.Println(policy.Preset, policy.CommentsNoOp, policy.Name(), err)
	_, err = segment.ParsePolicy("words")
	fmt.Println(err)
	// Output:
	// paper true paper+comments <nil>
	// segment: no such policy: "words" (want "paper", "blank-lines", "structure", "lines" or "functions", with or without "+comments"; the last three may be followed by "+max-lines="N, "+min-lines="N or "+max-tokens="N)
}

func ExampleScan() {
	src := []byte("func (s *Store) Get(key string) ([]byte, error) {\n\treturn s.db.Query(clean(key), 1)\n}\n")
	funcs, calls := segment.Scan(src, segment.Go)
	for _, f := range funcs {
		fmt.Printf("%s.%s/%d %q\n", f.Receiver, f.Name, f.Arity, src[f.BodyStart:f.BodyStart+1])
	}
	for _, c := range calls {
		fmt.Printf("%s calls %s %s/%d\n", funcs[c.InFunc].Name, c.Qualifier, c.Name, c.Arity)
	}
	// Output:
	// Store.Get/1 "{"
	// Get calls s.db Query/2
	// Get calls  clean/1
}

func ExampleStream() {
	stream, err := segment.NewStream(segment.Policy{Preset: segment.Structure}, segment.Python)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, piece := range []string{"def f(x):\n    retu", "rn x\n\n", "print(", "f(1))\n"} {
		for _, s := range stream.Append([]byte(piece)) {
			fmt.Printf("settled: %d-%d\n", s.Start, s.End)
		}
		for _, s := range stream.Rest() {
			fmt.Printf("if it ended here: %d-%d\n", s.Start, s.End)
		}
	}
	// Output:
	// if it ended here: 0-18
	// if it ended here: 0-24
	// if it ended here: 0-24
	// if it ended here: 24-30
	// if it ended here: 0-24
	// if it ended here: 24-36
}

func ExamplePolicy_structure() {
	src := []byte("int f(int a)\n{\n\tchar s[] = {\n\n\t\t1,\n\n\t\t2,\n\t};\n\n\treturn a;\n}\n\nint g(void) {}\n")
	for _, preset := range []string{segment.BlankLines, segment.Structure} {
		steps, _ := segment.Policy{Preset: preset}.Steps(src, segment.C)
		fmt.Println(preset, len(steps))
	}
	// Output:
	// blank-lines 5
	// structure 2
}
