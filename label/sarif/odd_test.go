package sarif

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// place is a location in src/a.c.
const sinkAt = `{"physicalLocation": {"artifactLocation": {"uri": "src/a.c"}, "region": {"startLine": 2}}}`

// logOf is a log of one run with a rule R1 and results.
func logOf(run string, results ...string) string {
	return fmt.Sprintf(`{"version": "2.1.0", "runs": [{"results": [%s]%s}]}`, strings.Join(results, ","), run)
}

const good = `{"ruleId": "R1", "message": {"text": "good after"}, "locations": [` + sinkAt + `]}`

// outcome reads a log and lists findings by their message and skips by reason
// and detail.
func outcome(t *testing.T, log string) (all []Finding, list []string) {
	t.Helper()
	for f, err := range Findings(t.Context(), fstest.MapFS{"l": {Data: []byte(log)}}, "l", Options{}) {
		var skip *Skip
		if errors.As(err, &skip) {
			list = append(list, skip.Reason+": "+skip.Detail)
			continue
		}
		require.NoError(t, err, log)
		all, list = append(all, f), append(list, f.Message)
	}
	return all, list
}

// An odd value is read where it means one thing, or makes its result unusable,
// and never ends the log.
func TestOddResults(t *testing.T) {
	region := func(text string) string {
		return `{"message": {"text": "m"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "src/a.c"}, "region": ` + text + `}}]}`
	}
	const at = "malformed: runs[0].results[0]"
	for _, c := range []struct{ result, want string }{
		{region(`{"startLine": 2, "endColumn": 2147483647}`), "m"},
		{region(`{"startLine": 2, "endColumn": 99999999999999999999}`), "m"},
		{region(`{"startLine": 2, "endColumn": 1e999}`), "m"},
		{region(`{"startLine": 2.0}`), "m"},
		{region(`{"startLine": 2e0}`), "m"},
		{region(`{"startLine": 2.5}`), at + ".locations[0].physicalLocation.region.startLine: 2.5 is not a whole number"},
		{region(`{"startLine": "2"}`), at + ".locations[0].physicalLocation.region.startLine: want a number, found a string"},
		{region(`{"startLine": [2]}`), at + ".locations[0].physicalLocation.region.startLine: want a number, found an array"},
		{region(`[2]`), at + ".locations[0].physicalLocation.region: want an object, found an array"},
		{`{"message": "m", "locations": [` + sinkAt + `]}`, "m"},
		{`{"message": {"text": 7}, "locations": [` + sinkAt + `]}`, at + ".message.text: want a string, found a number"},
		{"{\"message\": {\"text\": \"caf\xe9\"}, \"locations\": [" + sinkAt + "]}", at + ".message.text: not valid UTF-8"},
		{"{\"message\": {\"text\": \"m\"}, \"properties\": {\"x\": \"caf\xe9\"}, \"locations\": [" + sinkAt + "]}", "m"},
		{`{"message": {"text": "m"}, "partialFingerprints": {"x": 123}, "locations": [` + sinkAt + `]}`, "m"},
		{`{"message": {"text": "m"}, "partialFingerprints": {"x": {}}, "locations": [` + sinkAt + `]}`, at + ".partialFingerprints.x: want a string, found an object"},
		{`{"message": {"text": "m"}, "ruleId": 7, "ruleIndex": null, "locations": [` + sinkAt + `]}`, "m"},
		{`{"locations": {"physicalLocation": {}}}`, at + ".locations: want an array, found an object"},
		{`{"locations": [true]}`, at + ".locations[0]: want an object, found true"},
		{`{"locations": [{"physicalLocation": {"artifactLocation": "src/a.c"}}]}`, at + ".locations[0].physicalLocation.artifactLocation: want an object, found a string"},
		{`{"locations": [{"physicalLocation": {"artifactLocation": {"index": 3}, "region": {"startLine": 1}}}]}`, "malformed: artifacts[3]: there are 0"},
		{`{"locations": [` + sinkAt + `], "codeFlows": [{"threadFlows": [{"locations": [{"index": 4}]}]}]}`, "malformed: threadFlowLocations[4]: there are 0"},
		{`{"locations": [` + sinkAt + `], "codeFlows": 1}`, at + ".codeFlows: want an array, found a number"},
		{`{"locations": [` + sinkAt + `], "suppressions": "none"}`, at + ".suppressions: want an array, found a string"},
		{`{"locations": [` + sinkAt + `], "level": 3}`, at + ".level: want a string, found a number"},
		{`"text"`, at + ": want an object, found a string"},
		{`[]`, at + ": want an object, found an array"},
	} {
		all, list := outcome(t, logOf("", c.result, good))
		require.Equal(t, []string{c.want, "good after"}, list, c.result)
		require.Equal(t, "src/a.c", all[len(all)-1].Sink.Path)
	}
	all, _ := outcome(t, logOf("", region(`{"startLine": 2.0, "endColumn": 2147483647}`)))
	require.Equal(t, Region{StartLine: 2, EndColumn: 2147483647}, all[0].Sink.Region)
	span, err := all[0].Sink.Region.Span([]byte("a\nbcd\ne"))
	require.NoError(t, err)
	require.Equal(t, 5, span.End)
	for _, region := range []Region{{chars: true, CharOffset: 1 << 62, CharLength: 1 << 62}, {StartLine: 1 << 31}} {
		_, err = region.Span([]byte("a"))
		require.ErrorIs(t, err, ErrRegion)
	}
	all, _ = outcome(t, logOf("", `{"ruleId": 7, "partialFingerprints": {"x": 123}, "locations": [`+sinkAt+`]}`))
	require.Equal(t, "7", all[0].Rule)
	require.Equal(t, map[string]string{"x": "123"}, all[0].Fingerprints)
}

// An odd value in what results refer to spoils those results alone.
func TestOddReferences(t *testing.T) {
	run := `, "tool": {"driver": {"rules": [{"id": "R1"}, {"id": "R2", "defaultConfiguration": {"level": 3}}]}},
		"artifacts": [{"location": {"uri": 7}}, {"location": {"uri": "src/b.c"}}],
		"threadFlowLocations": [{"location": {"physicalLocation": 7}}]`
	result := func(rule string, artifact int, more string) string {
		return fmt.Sprintf(`{"ruleId": %q, "message": {"text": "%s%d"}, "locations": [{"physicalLocation": {"artifactLocation": {"index": %d}, "region": {"startLine": 1}}}]%s}`, rule, rule, artifact, artifact, more)
	}
	_, list := outcome(t, logOf(run, result("R1", 1, ""), result("R2", 1, ""), result("R1", 0, ""), result("R1", 1, `, "codeFlows": [{"threadFlows": [{"locations": [{"index": 0}]}]}]`), good))
	require.Equal(t, []string{
		"R11",
		"malformed: runs[0].tool.driver.rules[1].defaultConfiguration.level: want a string, found a number",
		"malformed: runs[0].artifacts[0].location.uri: want a string, found a number",
		"malformed: runs[0].threadFlowLocations[0].location.physicalLocation: want an object, found a number",
		"good after",
	}, list)

	for run, odd := range map[string]string{
		`, "tool": {"driver": {"name": ["x"]}}`:                  "runs[0].tool.driver.name: want a string, found an array",
		`, "tool": {"driver": {"rules": [{"id": {}}]}}`:          "runs[0].tool.driver.rules[0].id: want a string, found an object",
		`, "tool": {"driver": {"rules": {}}}`:                    "runs[0].tool.driver.rules: want an array, found an object",
		`, "originalUriBaseIds": {"%SRCROOT%": "file:///src/"}`:  "runs[0].originalUriBaseIds[\"%SRCROOT%\"]: want an object, found a string",
		`, "artifacts": "none"`:                                  "runs[0].artifacts: want an array, found a string",
		`, "columnKind": 1`:                                      "runs[0].columnKind: want a string, found a number",
		`, "invocations": [{"ruleConfigurationOverrides": "x"}]`: "runs[0].invocations[0].ruleConfigurationOverrides: want an array, found a string",
	} {
		log := strings.TrimSuffix(logOf(run, good), "]}") + `, {"results": [` + good + `]}]}`
		_, list := outcome(t, log)
		require.Equal(t, []string{"malformed: " + odd, "good after"}, list, run)
	}
	_, list = outcome(t, `{"version": "2.1.0", "runs": [7, {"results": {}}, {"results": [`+good+`]}]}`)
	require.Equal(t, []string{"malformed: runs[0]: want an object, found a number", "malformed: runs[1].results: want an array, found an object", "good after"}, list)
}

// Results that the log has in other files or places are reported.
func TestExternal(t *testing.T) {
	log := `{"version": "2.1.0", "runs": [{"externalPropertyFileReferences": {"results": [{"location": {"uri": "r.sarif-external-properties"}, "itemCount": 9}], "artifacts": [{}]}}],
		"inlineExternalProperties": [{"results": [` + good + `]}, {"artifacts": []}]}`
	_, list := outcome(t, log)
	require.Equal(t, []string{"in another file: r.sarif-external-properties", "in another file: inlineExternalProperties"}, list)
}
