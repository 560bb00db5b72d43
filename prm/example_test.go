package prm_test

import (
	"context"
	"fmt"
	"log"
	"slices"
	"strings"

	"seccodeprm/aggregate"
	"seccodeprm/prm"
	"seccodeprm/prm/tiny"
)

const login = `def login(db, name, password):
    digest = hashlib.sha256(password.encode()).hexdigest()

    query = "SELECT id FROM users WHERE name = '" + name + "'"
    cursor = db.cursor()
    cursor.execute(query)

    return cursor.fetchone()
`

// Score a piece of code with the embedded model and look at each step.
func Example() {
	m, err := prm.Open(tiny.FS(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	report, err := m.Score(context.Background(), prm.Input{Name: "login.py", Text: []byte(login)})
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range report.Steps {
		fmt.Printf("lines %d-%d: r = %+.2f\n", step.Line, step.EndLine, step.Reward)
	}
	fmt.Printf("R = %+.2f, vulnerable: %v\n", report.Reward, report.Vulnerable)
	// Output:
	// lines 1-3: r = +0.52
	// lines 4-7: r = -0.54
	// lines 8-8: r = +0.98
	// R = -0.54, vulnerable: true
}

// Score several files. Short ones pass through the model together.
func ExampleModel_ScoreAll() {
	m, err := prm.Open(tiny.FS(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	files := []prm.Input{
		{Name: "a.py", Text: []byte("import subprocess\n\nsubprocess.run(['ls', path])\n")},
		{Name: "b.py", Text: []byte("import os\n\nos.system('ls ' + path)\n")},
	}
	for report, err := range m.ScoreAll(context.Background(), slices.Values(files)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %d steps, R = %+.2f\n", report.Name, len(report.Steps), report.Reward)
	}
	// Output:
	// a.py: 2 steps, R = +0.98
	// b.py: 2 steps, R = -0.93
}

// Score code while it is being written: each call reads new tokens only.
func ExampleSession() {
	m, err := prm.Open(tiny.FS(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	s, err := m.NewSession(prm.Input{Name: "login.py"})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	for line := range strings.Lines(login) {
		steps, err := s.Append(ctx, []byte(line))
		if err != nil {
			log.Fatal(err)
		}
		for _, step := range steps {
			fmt.Printf("lines %d-%d: r = %+.2f\n", step.Line, step.EndLine, step.Reward)
		}
	}
	// The editor returns to the query and writes it differently.
	if err := s.Rewind(strings.Index(login, "    query")); err != nil {
		log.Fatal(err)
	}
	fixed := "    query = \"SELECT id FROM users WHERE name = ?\"\n    cursor = db.cursor()\n    cursor.execute(query, (name,))\n"
	if _, err := s.Append(ctx, []byte(fixed)); err != nil {
		log.Fatal(err)
	}
	unfinished, err := s.Provisional(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range unfinished {
		fmt.Printf("lines %d-%d: r = %+.2f so far\n", step.Line, step.EndLine, step.Reward)
	}
	// Output:
	// lines 1-3: r = +0.52
	// lines 4-7: r = -0.54
	// lines 4-6: r = +0.97 so far
}

// Rank two continuations. What they have in common is read once.
func ExampleModel_Rank() {
	m, err := prm.Open(tiny.FS(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	written := prm.Input{Name: "login.py", Text: []byte("def user(db, name):\n    cursor = db.cursor()\n\n")}
	reports, err := m.Rank(context.Background(), written, [][]byte{
		[]byte("    cursor.execute(\"SELECT id FROM users WHERE name = '\" + name + \"'\")\n"),
		[]byte("    cursor.execute(\"SELECT id FROM users WHERE name = ?\", (name,))\n"),
	})
	if err != nil {
		log.Fatal(err)
	}
	rewards := make([]float64, len(reports))
	for i, r := range reports {
		rewards[i] = r.Reward
	}
	for _, i := range aggregate.Order(rewards) {
		fmt.Printf("candidate %d: R = %+.2f\n", i, rewards[i])
	}
	// Output:
	// candidate 1: R = +0.96
	// candidate 0: R = -0.98
}

// Choose a rule other than the model's own: the reward of the worst step.
func ExampleOptions() {
	rule, _ := aggregate.Lookup("min", aggregate.DefaultTau)
	m, err := prm.Open(tiny.FS(), &prm.Options{Aggregate: rule, Windows: true})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	report, err := m.Score(context.Background(), prm.Input{Name: "login.py", Text: []byte(login)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: R = %+.2f\n", report.Aggregate, report.Reward)
	// Output:
	// min: R = -0.54
}
