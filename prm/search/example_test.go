package search_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"seccodeprm/prm"
	"seccodeprm/prm/search"
	"seccodeprm/prm/tiny"
	"seccodeprm/tokenizer"
)

const prefix = "import sqlite3\n\ndef find(db, name):\n    cursor = db.cursor()\n\n"

// stored holds three continuations, as a model would propose them.
var stored = []search.Record{{Name: "find.py", Prompt: prefix, Candidates: []search.Candidate{
	{Text: "    query = \"SELECT * FROM users WHERE name = '\" + name + \"'\"\n    cursor.execute(query)\n\n    return cursor.fetchone()\n"},
	{Text: "    cursor.execute(\"SELECT * FROM users WHERE name = ?\", (name,))\n\n    return cursor.fetchone()\n"},
	{Text: "    cursor.execute(\"SELECT * FROM users WHERE name = ?\", (name,))\n\n    return eval(cursor.fetchone())\n"},
}}}

// Search among stored continuations with the embedded model, and watch.
func Example() {
	model, err := prm.Open(tiny.FS(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	generator, err := search.NewReplay(stored)
	if err != nil {
		log.Fatal(err)
	}
	input := prm.Input{Name: "find.py", Text: []byte(prefix)}
	s, err := search.New(model, generator, input, search.Beam{Width: 2, Candidates: 3}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for event, err := range s.Events(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d proposals so far, %d accepted now\n", event.Candidates, len(event.Accepted))
	}
	result := s.Result()
	best := result.Ranked[0]
	fmt.Printf("R = %+.2f\n%s", best.Value, result.Tree.Code(best.Node))
	// Output:
	// 3 proposals so far, 2 accepted now
	// 6 proposals so far, 2 accepted now
	// R = +0.99
	//     cursor.execute("SELECT * FROM users WHERE name = ?", (name,))
	//
	//     return cursor.fetchone()
}

// Rank trajectories by a criterion of the paper's appendix: the lowest
// advantage over the batch.
func ExampleCriterion() {
	rewards := [][]float64{{0.9, 0.2, 0.3}, {0.5, 0.6, 0.7}}
	for _, c := range search.Criteria(0.1) {
		if c.Name() == "batch/min" {
			fmt.Printf("%.2f\n", c.Values(rewards))
		}
	}
	// Output:
	// [-0.33 -0.03]
}

// Write rewards for training a policy with another tokenizer.
func ExampleTokenWriter() {
	model, err := prm.Open(tiny.FS(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	policy, err := tokenizer.Load(tiny.FS(), "tokenizer.json") // of the policy; here there is but one
	if err != nil {
		log.Fatal(err)
	}
	prompt, completion := []byte("x = input()\n\n"), []byte("eval(x)\n")
	reports, err := model.Rank(context.Background(), prm.Input{Name: "x.py", Text: prompt}, [][]byte{completion})
	if err != nil {
		log.Fatal(err)
	}
	reports[0].Reward = 0 // to keep the example short
	reports[0].Steps[1].Reward = -0.5
	w, err := search.NewTokenWriter(os.Stdout, policy, search.LastToken, "")
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Write([]search.Sample{{Prompt: prompt, Completion: completion, Report: reports[0]}}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// {"group":0,"name":"x.py","prompt":"x = input()\n\n","completion":"eval(x)\n","ids":[68,396,1171,275],"rewards":[0,0,0,-0.5],"form":"last-token","advantage":"","reward":0}
}
