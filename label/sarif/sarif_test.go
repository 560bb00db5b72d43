package sarif

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"seccodeprm/label"
	"seccodeprm/segment"
)

var paper = segment.Policy{Preset: segment.Paper}

func ints(steps []label.Step) []int {
	labels := make([]int, len(steps))
	for i, s := range steps {
		if s.Secure {
			labels[i] = 1
		}
	}
	return labels
}

// read reads a log, and returns the findings, the reasons of skips and the
// error that ended it.
func read(t testing.TB, log string, opt Options) (all []Finding, skips []string, last error) {
	t.Helper()
	for f, err := range Findings(t.Context(), fstest.MapFS{"log.sarif": {Data: []byte(log)}}, "log.sarif", opt) {
		require.NoError(t, last, "nothing follows an error")
		var skip *Skip
		switch {
		case errors.As(err, &skip):
			skips = append(skips, skip.Reason)
			require.Contains(t, "{n", log[skip.Offset:skip.Offset+1], "an object or null")
			require.Equal(t, 1+strings.Count(log[:skip.Offset], "\n"), skip.Line)
		case err != nil:
			last = err
		default:
			all = append(all, f)
		}
	}
	return all, skips, last
}

// wholeLog has everything a log may say, and its results come first.
const wholeLog = `{
 "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
 "runs": [{
  "results": [
   {"ruleId": "py/sql", "ruleIndex": 1, "message": {"text": "a \"b\" \ud83d\ude00"},
    "locations": [{"physicalLocation": {"artifactLocation": {"uri": "src/a%20b.py", "uriBaseId": "%SRCROOT%", "index": 0},
                   "region": {"startLine": 3, "startColumn": 5, "endColumn": 9}}}],
    "relatedLocations": [{"id": 1, "physicalLocation": {"artifactLocation": {"uri": "c.py"}, "region": {"startLine": 1}}}],
    "codeFlows": [{"threadFlows": [{"locations": [
      {"location": {"physicalLocation": {"artifactLocation": {"index": 1}, "region": {"startLine": 1}}}, "nestingLevel": 2},
      {"location": {"physicalLocation": {"artifactLocation": {"uri": "src/a%20b.py"}, "region": {"startLine": 3}}}}]}]}],
    "partialFingerprints": {"primaryLocationLineHash": "39fa2ee980eb94b0:1"},
    "taxa": [{"id": "20", "toolComponent": {"name": "CWE"}}], "properties": {"tags": ["CWE-564: Hibernate"]}},
   {"rule": {"id": "ext", "index": 0, "toolComponent": {"index": 0}}, "level": "note", "kind": "fail",
    "locations": [{"physicalLocation": {"artifactLocation": {"uri": "file:///build/src/d.c"}, "region": {"startLine": 0, "charOffset": 4, "charLength": 2}}}]},
   {"ruleId": "py/sql/deep/er", "locations": [{"physicalLocation": {"artifactLocation": {"uri": "gen/x.c", "uriBaseId": "SUB"}, "region": {"startLine": 1}}}]},
   {"ruleId": "r", "kind": "pass"},
   {"ruleId": "r", "baselineState": "absent", "locations": []},
   {"ruleId": "r", "suppressions": [{"kind": "inSource"}], "locations": [{"physicalLocation": {"artifactLocation": {"uri": "s.c"}, "region": {"startLine": 1}}}]},
   {"ruleId": "r", "suppressions": [{"kind": "external", "status": "underReview"}], "locations": [{"physicalLocation": {"artifactLocation": {"uri": "u.c"}, "region": {"startLine": 1}}}]},
   {"ruleId": "r", "locations": [{"logicalLocations": []}]},
   {"ruleId": "r", "locations": [{"physicalLocation": {"artifactLocation": {"uri": "whole.c"}}}]},
   {"ruleId": "r", "locations": [{"physicalLocation": {"artifactLocation": {"uri": "../../etc/passwd"}, "region": {"startLine": 1}}}]},
   {"ruleId": "r", "locations": [{"physicalLocation": {"artifactLocation": {"uri": "https://example.org/a.c"}, "region": {"startLine": 1}}}]},
   null
  ],
  "columnKind": "unicodeCodePoints",
  "originalUriBaseIds": {"%SRCROOT%": {"uri": "file:///build/"}, "SUB": {"uri": "sub/", "uriBaseId": "%SRCROOT%"}},
  "artifacts": [{"location": {"uri": "src/a%20b.py", "uriBaseId": "%SRCROOT%"}}, {"location": {"uri": "lib\\e.py"}, "length": -1}],
  "tool": {"driver": {"name": "CodeQL", "rules": [
     {"id": "py/other"},
     {"id": "py/sql", "defaultConfiguration": {"level": "error"}, "properties": {"tags": ["security", "external/cwe/cwe-089"], "security-severity": "8.8"}}]},
   "extensions": [{"name": "pack", "rules": [{"id": "ext", "properties": {"security-severity": 3, "cwe": ["CWE-22: Path"]}}]}]}
 }],
 "version": "2.1.0"
}
`

func TestFindings(t *testing.T) {
	all, skips, err := read(t, wholeLog, Options{})
	require.NoError(t, err)
	require.Equal(t, []string{NotFailed, Absent, Suppressed, NoLocation, NoRegion, OutsideRoot, OutsideRoot, NoLocation}, skips)
	require.Len(t, all, 4)
	points := func(r Region) Region { r.codePoints = true; return r }
	require.Equal(t, Finding{
		Tool: "CodeQL", Rule: "py/sql", Level: "error", Severity: 8.8, CWEs: []int{20, 89, 564}, Message: "a \"b\" \U0001f600",
		Sink:    Location{Path: "src/a b.py", Region: points(Region{StartLine: 3, StartColumn: 5, EndColumn: 9})},
		Related: []Location{{Path: "c.py", Region: points(Region{StartLine: 1})}},
		Flows: [][]Location{{
			{Path: "lib/e.py", Region: points(Region{StartLine: 1}), Nesting: 2},
			{Path: "src/a b.py", Region: points(Region{StartLine: 3})},
		}},
		Fingerprints: map[string]string{"primaryLocationLineHash": "39fa2ee980eb94b0:1"},
	}, all[0])
	require.Equal(t, "ext", all[1].Rule)
	require.Equal(t, "note", all[1].Level)
	require.Equal(t, 3.0, all[1].Severity)
	require.Equal(t, []int{22}, all[1].CWEs)
	require.Equal(t, "src/d.c", all[1].Sink.Path)
	require.Equal(t, "sub/gen/x.c", all[2].Sink.Path)
	require.Equal(t, []int{89}, all[2].CWEs)
	require.Equal(t, "u.c", all[3].Sink.Path)
	require.Equal(t, "warning", all[3].Level)

	all, skips, err = read(t, wholeLog, Options{Suppressed: true, Root: "/build/src"})
	require.NoError(t, err)
	require.NotContains(t, skips, Suppressed)
	require.Equal(t, "a b.py", all[0].Sink.Path)
	require.Equal(t, "d.c", all[1].Sink.Path)

	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte("\ufeff" + wholeLog))
	z.Close()
	n := 0
	for _, err := range Findings(t.Context(), fstest.MapFS{"l.sarif.gz": {Data: packed.Bytes()}}, "l.sarif.gz", Options{}) {
		if err == nil {
			n++
		}
	}
	require.Equal(t, 4, n)
	var last error
	for _, err := range Findings(t.Context(), fstest.MapFS{"l.sarif.gz": {Data: packed.Bytes()[:packed.Len()/2]}}, "l.sarif.gz", Options{}) {
		last = err
	}
	require.ErrorIs(t, last, ErrLog)
}

func TestPaths(t *testing.T) {
	for _, c := range []struct{ uri, root, want string }{
		{"a/b.c", "", "a/b.c"},
		{"./a//b.c", "", "a/b.c"},
		{"a/../b.c", "", "b.c"},
		{"../b.c", "", ""},
		{"a%2Fb%c.c", "", "a%2Fb%c.c"}, // a bad escape stays as it is
		{`a\b.c`, "", "a/b.c"},
		{"/src/a.c", "/src", "a.c"},
		{"/src/a.c", "/src/", "a.c"},
		{"/srcs/a.c", "/src", ""},
		{"/src/a.c", "", ""},
		{"/src/../b.c", "/src", ""},
		{"file:///src/a.c", "/src", "a.c"},
		{"file:/src/a.c", "/src", "a.c"},
		{"file://host/src/a.c", "file:///src", "a.c"},
		{"file:///C:/src/a.c", `C:\src`, "a.c"},
		{"file:///c:/SRC/a.c", `C:\src\`, "a.c"},
		{`C:\src\a.c`, "c:/src", "a.c"},
		{"https://x/a.c", "/", ""},
		{"a b.c", "", "a b.c"},
		{"", "", ""},
		{"/", "/", ""},
	} {
		run := &toolRun{}
		got, ok := run.resolve(artifact{uri: c.uri, index: -1}, c.root)
		require.Equal(t, c.want, got, "%q below %q", c.uri, c.root)
		require.Equal(t, c.want != "", ok)
	}
	// Bases that refer to each other do not loop.
	run := &toolRun{bases: map[string]artifact{"A": {uri: "a/", base: "B"}, "B": {uri: "b/", base: "A"}}}
	_, ok := run.resolve(artifact{uri: "x.c", base: "A"}, "")
	require.True(t, ok)
}

func TestRegion(t *testing.T) {
	src := "ab\n\tdéf😀g\r\nhij"
	for _, c := range []struct {
		r    Region
		want string
	}{
		{Region{StartLine: 1}, "ab"},
		{Region{StartLine: 2}, "\tdéf😀g"},
		{Region{StartLine: 2, StartColumn: 2, EndColumn: 4}, "dé"},
		{Region{StartLine: 2, StartColumn: 5, EndColumn: 7}, "😀"},
		{Region{StartLine: 2, StartColumn: 5, EndColumn: 6, codePoints: true}, "😀"},
		{Region{StartLine: 2, StartColumn: 0, EndColumn: 2}, "\t"},
		{Region{StartLine: 2, StartColumn: 2, EndColumn: 999}, "déf😀g"},
		{Region{StartLine: 1, EndLine: 2, EndColumn: 1}, "ab\n"},
		{Region{StartLine: 2, StartColumn: 3, EndLine: 2, EndColumn: 3}, ""},
		{Region{StartLine: 2, StartColumn: 8, EndLine: 2, EndColumn: 3}, ""},
		{Region{StartLine: 1, StartColumn: 2, EndLine: 3, EndColumn: 2}, "b\n\tdéf😀g\r\nh"},
		{Region{CharOffset: 4, CharLength: 2, chars: true}, "dé"},
		{Region{CharOffset: 7, CharLength: 2, chars: true}, "😀"},
	} {
		for _, mark := range []string{"", "\ufeff"} {
			span, err := c.r.Span([]byte(mark + src))
			require.NoError(t, err, "%+v", c.r)
			require.Equal(t, c.want, (mark + src)[span.Start:span.End], "%+v", c.r)
		}
	}
	for _, r := range []Region{
		{}, {StartLine: 4}, {StartLine: 2, EndLine: 1}, {StartLine: -1}, {StartLine: 1, EndLine: 9},
		{CharOffset: 99, chars: true}, {CharOffset: -1, chars: true}, {CharOffset: 1, CharLength: 99, chars: true},
	} {
		_, err := r.Span([]byte(src))
		require.ErrorIs(t, err, ErrRegion, "%+v", r)
	}
	span, err := Region{StartLine: 2}.Span([]byte("a\n"))
	require.NoError(t, err)
	require.Equal(t, label.Span{Start: 2, End: 2}, span)
}

func TestMark(t *testing.T) {
	src := []byte("a\n\nb\n\nc\n\nd\n")
	f := Finding{
		Sink: Location{Path: "x.c", Region: Region{StartLine: 5}},
		Flows: [][]Location{{
			{Path: "x.c", Region: Region{StartLine: 1}},
			{Path: "y.c", Region: Region{StartLine: 3}},
			{Path: "x.c", Region: Region{StartLine: 99}}, // another version of the file
			{Path: "x.c", Region: Region{StartLine: 5}},
		}},
	}
	for _, c := range []struct {
		path   string
		flows  bool
		marked int
		labels []int
	}{
		{"x.c", false, 1, []int{1, 1, 0, 1}},
		{"x.c", true, 2, []int{0, 1, 0, 1}},
		{"y.c", true, 1, []int{1, 0, 1, 1}},
		{"z.c", true, 0, []int{1, 1, 1, 1}},
	} {
		steps, err := label.All(src, segment.C, paper, true, label.Uniform, 0.5)
		require.NoError(t, err)
		n, err := f.Mark(steps, src, c.path, c.flows)
		require.NoError(t, err)
		require.Equal(t, c.marked, n)
		require.Equal(t, c.labels, ints(steps))
		for i, s := range steps {
			require.Equal(t, c.labels[i] == 0, s.From == label.Uniform|label.SARIF)
		}
	}
	steps, err := label.All(src, segment.C, paper, true, label.Uniform, 0.5)
	require.NoError(t, err)
	f.Sink.Region = Region{StartLine: 1, EndLine: 5, EndColumn: 1}
	_, err = f.Mark(steps, src, "x.c", false)
	require.NoError(t, err)
	require.Equal(t, []int{0, 0, 1, 1}, ints(steps)) // up to the start of line 5, not into it
	f.Sink.Region = Region{StartLine: 50}
	_, err = f.Mark(steps, src, "x.c", true)
	require.ErrorIs(t, err, ErrRegion)
	f.Sink.Region = Region{StartLine: 1}
	n, err := f.Mark(nil, nil, "x.c", false)
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestSemgrepFlows(t *testing.T) {
	log := `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"Semgrep OSS","rules":[]}},"results":[{"ruleId":"r",
	"locations":[{"physicalLocation":{"artifactLocation":{"uri":"sink.py","uriBaseId":"%SRCROOT%"},"region":{"startLine":2}}}],
	"codeFlows":[{"threadFlows":[{"locations":[
	{"location":{"message":{"text":"Source: 'input()' @ 'lib/source.py:7'"},"physicalLocation":{"artifactLocation":{"uri":"sink.py"},"region":{"startLine":7}}}},
	{"location":{"message":{"text":"Sink: 'x' @ 'sink.py:2'"},"physicalLocation":{"artifactLocation":{"uri":"sink.py"},"region":{"startLine":2}}}}]}]}]}]}]}`
	all, _, err := read(t, log, Options{})
	require.NoError(t, err)
	require.Equal(t, "lib/source.py", all[0].Flows[0][0].Path)
	require.Equal(t, "sink.py", all[0].Flows[0][1].Path)
}

func TestRefuses(t *testing.T) {
	for _, c := range []struct{ log, text string }{
		{``, "unexpected end"},
		{`[]`, "want an object, found '['"},
		{`{"version":"2.0.0","runs":[]}`, `version "2.0.0"`},
		{`{"version":"1.0.0","runs":[]}`, `version "1.0.0"`},
		{`{"runs":[]}`, `version ""`},
		{`{"version":2.1}`, "line 1"},
		{`{"version":"2.1.0"} x`, "want the end, found 'x'"},
		{`{"version":"2.1.0",}`, "want a key"},
		{"{\n\"version\":\"2.1.0\",\n\"a\":\"\x01\"}", "line 3"},
		{`{"version":"2.1.0","a":"\q"}`, ": a: a bad escape"},
		{`{"version":"2.1.0","a":"\u12g4"}`, ": a: a bad escape"},
		{`{"version":"2.1.0","a":nul}`, "not a JSON value"},
		{`{"version":"2.1.0","a":1.2.3}`, "want a number"},
		{`{"version":"2.1.0","runs":[{"results":[{"level":01}]}]}`, "want a number, found 01"}, // RFC 8259, section 6
		{`{"version":"2.1.0","a":[1 2]}`, "want ','"},
		{`{"version":"2.1.0","a":{"b" 2}}`, "want ':'"},
		{`{"version":"2.1.0","a":` + strings.Repeat("[", 5000), "nested deeper"},
		{`{"version":"2.1.0","runs":[{"tool":{"driver":{"rules":[{"properties":{"tags":` + strings.Repeat("[", 1e6), "nested deeper"},
		{`{"version":"2.1.0","runs":[{"results":[{"locations":[` + strings.Repeat(`{"location":`, 1e6), "nested deeper"},
		{"\xff\xfe{\x00", "not UTF-8"},
		{"{\"version\":\"2.1.0\xff\"}", `version "2.1.0\xff"`},
	} {
		_, _, err := read(t, c.log, Options{})
		require.ErrorIs(t, err, ErrLog, c.log)
		require.ErrorContains(t, err, c.text, c.log)
	}
	for _, err := range Findings(t.Context(), fstest.MapFS{}, "none", Options{}) {
		require.ErrorContains(t, err, "none")
	}
}

// A truncated log yields the results before its end, then says where that is.
func TestTruncated(t *testing.T) {
	log := `{"version":"2.1.0","runs":[{"results":[` + strings.Repeat(`{"ruleId":"r","locations":[{"physicalLocation":{"artifactLocation":{"uri":"a.c"},"region":{"startLine":1}}}]},`, 3)
	all, _, err := read(t, log, Options{})
	require.Len(t, all, 3)
	require.ErrorIs(t, err, ErrLog)
	var syntax *SyntaxError
	require.ErrorAs(t, err, &syntax)
	require.Equal(t, int64(len(log)), syntax.Offset)
}

// A context that ends, before the first pair or at any of them, yields its
// error as the last pair.
func TestStops(t *testing.T) {
	fsys := fstest.MapFS{"l": {Data: []byte(wholeLog)}}
	for range Findings(t.Context(), fsys, "l", Options{}) {
		break
	}
	whole := 0
	for range Findings(t.Context(), fsys, "l", Options{}) {
		whole++
	}
	require.Equal(t, 12, whole)
	for stop := range whole + 1 {
		ctx, cancel := context.WithCancel(t.Context())
		if stop == 0 {
			cancel()
		}
		pairs := 0
		var last error
		for _, last = range Findings(ctx, fsys, "l", Options{}) {
			if pairs++; pairs == stop {
				cancel()
			}
		}
		require.Equal(t, context.Canceled, last)
		require.Equal(t, stop+1, pairs)
		cancel()
	}
}

// Any bytes give findings or an error, and any region a span of the source or
// an error.
func FuzzFindings(f *testing.F) {
	f.Add(wholeLog)
	f.Add(`{"version":"2.1.0","runs":[{"results":[{"suppressions":null}]}]}`)
	f.Fuzz(func(t *testing.T, log string) {
		src := []byte("a\n\nb😀c\n\n\nd")
		fsys := fstest.MapFS{"l": {Data: []byte(log)}}
		for finding, err := range Findings(t.Context(), fsys, "l", Options{}) {
			if err != nil {
				continue
			}
			if span, err := finding.Sink.Region.Span(src); err == nil {
				require.LessOrEqual(t, span.Start, span.End)
				require.LessOrEqual(t, span.End, len(src))
			}
			steps, err := label.All(src, segment.Unknown, paper, true, label.Uniform, 1)
			require.NoError(t, err)
			n, err := finding.Mark(steps, src, finding.Sink.Path, true)
			if err == nil {
				require.Equal(t, n, label.Vulnerable(steps))
				require.NotZero(t, n)
			}
		}
	})
}

// BenchmarkFindings reads a log of 20,000 results with a code flow each. The
// size counts once, although the log is read twice.
func BenchmarkFindings(b *testing.B) {
	var log strings.Builder
	log.WriteString(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t","rules":[]}},"results":[`)
	for i := range 20000 {
		if i > 0 {
			log.WriteString(",\n")
		}
		place := fmt.Sprintf(`{"physicalLocation": {"artifactLocation": {"uri": "src/dir%d/file.c", "uriBaseId": "%%SRCROOT%%"}, "region": {"startLine": %d, "startColumn": 9, "endColumn": 30}}, "message": {"text": "value flows from here to there"}}`, i%100, i+1)
		fmt.Fprintf(&log, `{"ruleId": "cpp/rule%d", "message": {"text": "This argument may be too large for the buffer it is copied into."}, "locations": [%s], "codeFlows": [{"threadFlows": [{"locations": [{"location": %s}, {"location": %s}, {"location": %s}]}]}], "partialFingerprints": {"primaryLocationLineHash": "39fa2ee980eb94b0:1"}}`, i%50, place, place, place, place)
	}
	log.WriteString("]}]}")
	fsys := fstest.MapFS{"l": {Data: []byte(log.String())}}
	b.SetBytes(int64(log.Len()))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range Findings(b.Context(), fsys, "l", Options{}) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 20000 {
			b.Fatal(n)
		}
	}
}
