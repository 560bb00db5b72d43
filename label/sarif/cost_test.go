package sarif

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// An odd value in a component costs only the results that need it.
func TestOddComponents(t *testing.T) {
	result := func(name, more string) string {
		return `{"message": {"text": "` + name + `"}, "locations": [` + sinkAt + `]` + more + `}`
	}
	known := result("known", `, "ruleId": "R1"`)
	unknown := result("unknown", `, "ruleId": "R9"`)
	bare := result("bare", "")
	named := result("named", `, "rule": {"id": "E9", "toolComponent": {"name": "x"}}`)
	byID := `{"message": {"id": "m1"}, "locations": [` + sinkAt + `]}`
	taxon := result("taxon", `, "taxa": [{"id": "79", "toolComponent": {"index": 0}}]`)
	other := result("other", `, "taxa": [{"id": "A1", "toolComponent": {"index": 1}}]`)
	const driver = `"driver": {"name": "d", "rules": [{"id": "R1"}]}`
	const extension = "malformed: runs[0].tool.extensions[0]"
	for _, c := range []struct {
		run     string
		results []string
		want    []string
	}{
		{`, "tool": {` + driver + `, "extensions": [{"name": 1}]}`, []string{known, unknown, bare, named},
			[]string{"known", "unknown", "bare", extension + ".name: want a string, found a number"}},
		{`, "tool": {` + driver + `, "extensions": [{"name": "x", "rules": {}}]}`, []string{known, unknown, bare, named},
			[]string{"known", extension + ".rules: want an array, found an object", "bare", extension + ".rules: want an array, found an object"}},
		{`, "tool": {` + driver + `, "extensions": [7]}`, []string{known, unknown, bare},
			[]string{"known", extension + ": want an object, found a number", "bare"}},
		{`, "tool": {` + driver + `, "extensions": [{"name": "x", "globalMessageStrings": {"m1": {"text": 1}}}]}`, []string{known, byID},
			[]string{"known", extension + ".globalMessageStrings.m1.text: want a string, found a number"}},
		{`, "tool": {"driver": {"guid": 1, "rules": [{"id": "R1"}]}}`, []string{known, bare}, []string{"known", "bare"}},
		{`, "tool": {` + driver + `}, "taxonomies": [{"name": 7}, {"name": "OWASP", "taxa": [{"id": "A1"}]}]`, []string{known, taxon, other},
			[]string{"known", "malformed: runs[0].taxonomies[0].name: want a string, found a number", "other"}},
	} {
		_, list := outcome(t, logOf(c.run, c.results...))
		require.Equal(t, c.want, list, c.run)
	}
}

// An object with a key twice ends the log, also where only the first walk
// looks: no result after it is read with half of the rules.
func TestRepeatedKeys(t *testing.T) {
	const tool = `"tool": {"driver": {"name": "d", "rules": [{"id": "R1", "id": "R2"}]}}`
	const tidy = `"tool": {"driver": {"name": "d"}}`
	for _, c := range []struct {
		log   string
		found int
		path  string
	}{
		{`{"version": "2.1.0", "runs": [{` + tool + `, "results": [` + good + `]}]}`, 0, "runs[0].tool.driver.rules[0].id"},
		{`{"version": "2.1.0", "runs": [{"results": [` + good + `], ` + tool + `}]}`, 1, "runs[0].tool.driver.rules[0].id"},
		{`{"version": "2.1.0", "runs": [{` + tidy + `, "results": [` + good + `, {"ruleId": "R1", "ruleId": "R2"}]}]}`, 1, "runs[0].results[1].ruleId"},
		{`{"version": "2.1.0", "runs": [{"results": [` + good + `], "results": []}]}`, 1, "runs[0].results"},
		{`{"version": "2.1.0", "version": "2.1.0", "runs": []}`, 0, "version"},
	} {
		found := 0
		var last error
		for _, err := range Findings(t.Context(), fstest.MapFS{"l": {Data: []byte(c.log)}}, "l", Options{}) {
			require.NoError(t, last, "an error is the last")
			if last = err; err == nil {
				found++
			}
		}
		require.Equal(t, c.found, found, c.log)
		require.ErrorIs(t, last, ErrLog, c.log)
		require.True(t, strings.HasSuffix(last.Error(), c.path+": the key occurs twice"), last.Error())
	}
}
