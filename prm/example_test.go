package prm_test

import (
	"context"
	"fmt"
	"log"
	"slices"

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

// Score several files; short ones go through the model together.
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

// Choose another rule than the model's own: the reward of the worst step.
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
