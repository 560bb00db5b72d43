package sarif_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"seccodeprm/label"
	"seccodeprm/label/sarif"
	"seccodeprm/segment"
)

func ExampleFinding_Mark() {
	src := []byte("import os\n\nname = input()\n\nos.system(\"ls \" + name)\n")
	log := fstest.MapFS{"scan.sarif": {Data: []byte(`{"version": "2.1.0", "runs": [{"results": [{"ruleId": "py/command-line-injection",
		"locations": [{"physicalLocation": {"artifactLocation": {"uri": "run.py"}, "region": {"startLine": 5}}}]}]}]}`)}}
	steps, err := label.All(src, segment.Python, segment.Policy{Preset: segment.Paper}, true, label.Uniform, 0.5)
	if err != nil {
		fmt.Println(err)
		return
	}
	for finding, err := range sarif.Findings(context.Background(), log, "scan.sarif", sarif.Options{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		n, err := finding.Mark(steps, src, "run.py", false)
		fmt.Println(finding.Rule, n, err)
	}
	for _, s := range steps {
		fmt.Printf("%q %t %v\n", s.Text, s.Secure, s.From)
	}
	// Output:
	// py/command-line-injection 1 <nil>
	// "import os" true uniform
	// "name = input()" true uniform
	// "os.system(\"ls \" + name)\n" false uniform+sarif
}
