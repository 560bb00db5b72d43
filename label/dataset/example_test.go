package dataset_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing/fstest"

	"seccodeprm/label"
	"seccodeprm/label/dataset"
	"seccodeprm/segment"
)

var fixes = fstest.MapFS{"fixes.jsonl": {Data: []byte(`{"func_name":"get","file_name":"get.py","vul_type":"cwe-022","commit_link":"host/repo/commit/1","func_src_before":"log(name)\n\nopen(name)\n","func_src_after":"log(name)\n\nopen(safe(name))\n"}
{"func_name":"broken
`)}}

func Example() {
	rule := dataset.Rule{Fix: label.Rule{Policy: segment.Policy{Preset: segment.Paper}}}
	skipped := dataset.Tally{}
	for r, err := range dataset.SVEN(context.Background(), fixes, "fixes.jsonl") {
		if skipped.Count(err) {
			continue
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		examples, err := rule.Examples(context.Background(), r)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, e := range examples {
			row := e.Row(dataset.Prompt)
			row.Meta = nil
			text, err := json.Marshal(row)
			fmt.Println(string(text), err)
		}
	}
	fmt.Println("skipped:", skipped)
	// Output:
	// {"prompt":"Determine whether the code is vulnerable or not.","completions":["log(name)","open(name)\n"],"labels":[1,0]} <nil>
	// {"prompt":"Determine whether the code is vulnerable or not.","completions":["log(name)","open(safe(name))\n"],"labels":[1,1]} <nil>
	// skipped: malformed 1
}

func ExampleSplitter() {
	s := &dataset.Splitter{Key: dataset.ByCommit, Names: []string{"train", "val"}, Shares: []float64{9, 1}}
	for _, commit := range []string{"a", "b", "c", "d"} {
		at, err := s.Split(&dataset.Record{ID: "1", Project: "p", Commit: commit})
		fmt.Println(commit, s.Names[at], err)
	}
	// Output:
	// a train <nil>
	// b train <nil>
	// c val <nil>
	// d train <nil>
}
