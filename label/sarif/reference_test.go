package sarif

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The rule of a result, which id, guid and index name. Where they contradict,
// the id counts: many producers write ruleIndex 0 by default.
func TestRules(t *testing.T) {
	run := `, "tool": {"driver": {"name": "T", "rules": [
		{"id": "R1", "guid": "g1", "properties": {"tags": ["CWE-1"], "security-severity": "1.0"}},
		{"id": "R2", "guid": "g2", "properties": {"tags": ["CWE-22"], "security-severity": "9.0"}}]},
		"extensions": [{"name": "p", "guid": "gp", "rules": [{"id": "R1", "properties": {"security-severity": 5}}, {"id": "R3", "guid": "g3", "properties": {"security-severity": 7}}]}]}`
	for _, c := range []struct {
		rule, id string
		severity float64
	}{
		{`"ruleId": "R2", "ruleIndex": 0`, "R2", 9},
		{`"ruleIndex": 0, "ruleId": "R2"`, "R2", 9},
		{`"ruleId": "R2/deep", "ruleIndex": 0`, "R2/deep", 9},
		{`"ruleId": "R1/deep", "ruleIndex": 0`, "R1/deep", 1},
		{`"ruleId": "R9", "ruleIndex": 0`, "R9", 0},
		{`"ruleId": "R2"`, "R2", 9},
		{`"ruleIndex": 1`, "R2", 9},
		{`"ruleId": "R2", "ruleIndex": 99`, "R2", 9},
		{`"ruleId": "R2", "ruleIndex": null`, "R2", 9},
		{`"ruleIndex": null`, "", 0},
		{`"rule": {"id": "R2", "index": 0}`, "R2", 9},
		{`"rule": {"index": 1}, "ruleIndex": 0`, "R2", 9},
		{`"rule": {"id": "R2", "index": 0}, "ruleIndex": 1`, "R2", 9},
		{`"rule": {"guid": "g2"}`, "R2", 9},
		{`"rule": {"guid": "g2", "index": 0}`, "R2", 9},
		{`"rule": {"guid": "g3"}`, "R3", 7},
		{`"ruleId": "R1", "rule": {"toolComponent": {"index": 0}}`, "R1", 5},
		{`"ruleId": "R1", "rule": {"toolComponent": {"name": "p"}}`, "R1", 5},
		{`"ruleId": "R1", "rule": {"toolComponent": {"guid": "gp"}}`, "R1", 5},
		{`"ruleId": "R1", "rule": {"toolComponent": {"name": "T", "index": 0}}`, "R1", 1},
		{`"ruleId": "R2", "rule": {"index": 1, "toolComponent": {"index": 0}}`, "R2", 9},
		{`"rule": {"index": 1, "toolComponent": {"index": 0}}`, "R3", 7},
		{`"ruleId": "R3"`, "R3", 7},
	} {
		all, _ := outcome(t, logOf(run, `{`+c.rule+`, "locations": [`+sinkAt+`]}`))
		require.Equal(t, c.id, all[0].Rule, c.rule)
		require.Equal(t, c.severity, all[0].Severity, c.rule)
	}
	all, _ := outcome(t, logOf(run, `{"ruleId": "R2", "ruleIndex": 0, "locations": [`+sinkAt+`]}`))
	require.Equal(t, []int{22}, all[0].CWEs)
}

func TestTaxa(t *testing.T) {
	const taxonomies = `, "taxonomies": [{"name": "OWASP", "guid": "o", "taxa": [{"id": "A1"}]}, {"name": "CWE", "guid": "abc", "taxa": [{"id": "79", "guid": "t79"}, {"id": "120"}]}]`
	result := func(more string) string { return `{"ruleId": "R1"` + more + `, "locations": [` + sinkAt + `]}` }
	rule := func(more string) string { return `, "tool": {"driver": {"rules": [{"id": "R1"` + more + `}]}}` }
	for _, c := range []struct {
		run, result string
		want        []int
	}{
		{taxonomies, `, "taxa": [{"id": "79", "toolComponent": {"index": 1}}]`, []int{79}},
		{taxonomies, `, "taxa": [{"id": "79", "toolComponent": {"guid": "abc"}}]`, []int{79}},
		{taxonomies, `, "taxa": [{"id": "79", "toolComponent": {"name": "CWE"}}]`, []int{79}},
		{taxonomies, `, "taxa": [{"id": "79", "toolComponent": {"name": "CWE", "index": 0}}]`, []int{79}},
		{taxonomies, `, "taxa": [{"index": 0, "toolComponent": {"index": 1}}]`, []int{79}},
		{taxonomies, `, "taxa": [{"index": 1, "toolComponent": {"name": "CWE"}}]`, []int{120}},
		{taxonomies, `, "taxa": [{"guid": "t79", "toolComponent": {"index": 1}}, {"guid": "t79"}]`, []int{79}},
		{taxonomies, `, "taxa": [{"id": "A1", "toolComponent": {"index": 0}}, {"id": "9999", "toolComponent": {"index": 1}}]`, nil},
		{taxonomies, `, "taxa": [{"index": 5, "toolComponent": {"index": 1}}, {"index": 0, "toolComponent": {"index": 7}}]`, nil},
		{"", `, "taxa": [{"id": "20", "toolComponent": {"name": "CWE"}}, {"id": "CWE-22"}]`, []int{20, 22}},
		{`, "tool": {"driver": {"taxa": [{"id": "CWE-5"}]}}`, `, "taxa": [{"index": 0}]`, []int{5}},
		{taxonomies + rule(`, "relationships": [{"target": {"id": "120", "index": 1, "toolComponent": {"index": 1}}}]`), "", []int{120}},
		{taxonomies + rule(`, "relationships": [{"target": {"index": 1, "toolComponent": {"guid": "abc"}}}]`), "", []int{120}},
		{rule(`, "properties": {"cwe": "79"}`), "", []int{79}},
		{rule(`, "properties": {"cwe": 79}`), "", []int{79}},
		{rule(`, "properties": {"cwe": [79, "CWE-89", "0022", null, {}, 1.5, 1234567]}`), "", []int{22, 79, 89}},
		{rule(`, "properties": {"tags": ["79", 79, "CWE-89"]}`), "", []int{89}},
		{"", `, "properties": {"cwe": [79]}`, []int{79}},
	} {
		all, _ := outcome(t, logOf(c.run, result(c.result)))
		require.Equal(t, c.want, all[0].CWEs, c.run+c.result)
	}
}

func TestMessages(t *testing.T) {
	run := `, "tool": {"driver": {"globalMessageStrings": {"g": {"text": "global {0}"}, "default": {"text": "no"}},
		"rules": [{"id": "R1", "messageStrings": {"default": {"text": "Bad {0} in {1}, {{{0}}}, {2} {x} {"}}}]}}`
	for _, c := range []struct{ message, want string }{
		{`{"id": "default", "arguments": ["x", "y"]}`, "Bad x in y, {x}, {2} {x} {"},
		{`{"id": "default"}`, "Bad {0} in {1}, {{0}}, {2} {x} {"},
		{`{"id": "g", "arguments": [7]}`, "global 7"},
		{`{"text": "a {0} {{", "arguments": ["b"]}`, "a b {"},
		{`{"text": "if (x) {{ y }}"}`, "if (x) {{ y }}"},
		{`{"id": "none"}`, ""},
		{`"plain {0}"`, "plain {0}"},
	} {
		all, _ := outcome(t, logOf(run, `{"ruleId": "R1", "message": `+c.message+`, "locations": [`+sinkAt+`]}`))
		require.Equal(t, c.want, all[0].Message, c.message)
	}
}

func TestOverrides(t *testing.T) {
	run := func(invocations string) string {
		return `, "tool": {"driver": {"rules": [{"id": "R1", "defaultConfiguration": {"level": "note"}}, {"id": "R2"}]}}, "invocations": [` + invocations + `]`
	}
	one := `{"ruleConfigurationOverrides": [{"descriptor": {"index": 0}, "configuration": {"level": "error"}}, {"descriptor": {"id": "R9"}, "configuration": {"level": "none"}}, {"descriptor": {"id": "R2"}, "configuration": {"enabled": true}}]}`
	for _, c := range []struct{ invocations, result, want string }{
		{one, `"ruleId": "R1"`, "error"},
		{one, `"ruleId": "R1", "level": "warning"`, "warning"},
		{one, `"ruleId": "R2"`, "warning"},
		{one, `"ruleId": "R9"`, "none"},
		{"", `"ruleId": "R1"`, "note"},
		{one + ", {}", `"ruleId": "R1"`, "note"},
		{one + ", {}", `"ruleId": "R1", "provenance": {"invocationIndex": 0}`, "error"},
		{one + ", {}", `"ruleId": "R1", "provenance": {"invocationIndex": 1}`, "note"},
	} {
		all, _ := outcome(t, logOf(run(c.invocations), `{`+c.result+`, "locations": [`+sinkAt+`]}`))
		require.Equal(t, c.want, all[0].Level, c)
	}
}

// Places of a flow that the run shares, and a result whose first location is
// no file.
func TestSharedPlaces(t *testing.T) {
	run := `, "threadFlowLocations": [
		{"nestingLevel": 3, "location": {"physicalLocation": {"artifactLocation": {"uri": "src/a.c"}, "region": {"startLine": 1}}}},
		{"location": {"physicalLocation": {"artifactLocation": {"uri": "src/b.c"}, "region": {"startLine": 9}}}}]`
	all, _ := outcome(t, logOf(run, `{"locations": [{"logicalLocations": [{"name": "f"}]}, {"physicalLocation": {"artifactLocation": {"uri": "src/a.c"}, "region": {"startLine": 3}}}],
		"codeFlows": [{"threadFlows": [{"locations": [{"index": 0}, {"index": 1, "nestingLevel": 2}]}]}]}`))
	require.Equal(t, Location{Path: "src/a.c", Region: Region{StartLine: 3}}, all[0].Sink)
	require.Equal(t, [][]Location{{
		{Path: "src/a.c", Region: Region{StartLine: 1}, Nesting: 3},
		{Path: "src/b.c", Region: Region{StartLine: 9}, Nesting: 2},
	}}, all[0].Flows)
}
