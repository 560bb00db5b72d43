package sarif

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"seccodeprm/internal/strictjson"
)

// results reads and yields the results of all runs.
func (log *logReader) results(j *strictjson.Reader) {
	for key := range j.Members() {
		if key != "runs" {
			continue
		}
		for i := range j.Array() {
			if i >= len(log.runs) { // the first walk did not get here
				continue
			}
			for key := range j.Members() {
				if key != "results" {
					continue
				}
				for range j.Array() {
					log.result(j, log.runs[i])
				}
			}
		}
	}
}

// rawResult is a result as written in the log.
type rawResult struct {
	ruleID           string
	component, index int // of the rule, or -1
	kind, level      string
	baseline         string
	suppressed       bool
	cwes             []int
	message          string
	locations        []rawLocation
	related          []rawLocation
	flows            [][]rawLocation
	fingerprints     map[string]string
}

// rawLocation is a location or a threadFlowLocation.
type rawLocation struct {
	file     artifact
	physical bool
	region   Region
	nesting  int
	message  string
}

// result reads one result and yields it.
func (log *logReader) result(j *strictjson.Reader, run *toolRun) {
	at := Skip{Line: j.Line(), Offset: j.Offset()}
	raw := rawResult{component: 0, index: -1, kind: "fail"}
	raw.read(j)
	if j.Err() != nil {
		return
	}
	f, reason, detail := log.finding(run, &raw)
	var ok bool
	if reason != "" {
		at.Reason, at.Detail = reason, detail
		ok = log.yield(Finding{}, &at)
	} else {
		ok = log.yield(f, nil)
	}
	if !ok {
		j.Fail(errStop)
	}
}

func (raw *rawResult) read(j *strictjson.Reader) {
	for key := range j.Members() {
		switch key {
		case "ruleId":
			raw.ruleID = j.Text()
		case "ruleIndex":
			raw.index = readInt(j)
		case "rule":
			raw.readRule(j)
		case "kind":
			raw.kind = j.Text()
		case "level":
			raw.level = j.Text()
		case "baselineState":
			raw.baseline = j.Text()
		case "message":
			raw.message = readMessage(j)
		case "suppressions":
			raw.readSuppressions(j)
		case "locations":
			raw.locations = readLocations(j)
		case "relatedLocations":
			raw.related = readLocations(j)
		case "codeFlows":
			raw.readFlows(j)
		case "partialFingerprints":
			raw.fingerprints = map[string]string{}
			for name := range j.Members() {
				raw.fingerprints[name] = j.Text()
			}
		case "taxa":
			for range j.Array() {
				raw.cwes = readTaxon(j, raw.cwes)
			}
		case "properties":
			for key := range j.Members() {
				if key == "tags" || key == "cwe" {
					raw.cwes = readCWEs(j, raw.cwes)
				}
			}
		}
	}
}

// readInt reads a whole number of up to 9 digits.
func readInt(j *strictjson.Reader) int { return j.Int(-1e9, 1e9) }

// readRule reads a reportingDescriptorReference.
func (raw *rawResult) readRule(j *strictjson.Reader) {
	for key := range j.Members() {
		switch key {
		case "id":
			if id := j.Text(); raw.ruleID == "" {
				raw.ruleID = id
			}
		case "index":
			raw.index = readInt(j)
		case "toolComponent":
			for key := range j.Members() {
				if key == "index" {
					raw.component = readInt(j) + 1 // the driver is component 0 here
				}
			}
		}
	}
}

// readSuppressions reads the suppressions of a result. It is suppressed if it
// has any and all are accepted. A suppression without a status is accepted.
func (raw *rawResult) readSuppressions(j *strictjson.Reader) {
	open := false
	for range j.Array() {
		raw.suppressed = true
		for key := range j.Members() {
			if key == "status" {
				status := j.Text()
				open = open || status == "rejected" || status == "underReview"
			}
		}
	}
	raw.suppressed = raw.suppressed && !open
}

// readFlows reads codeFlows, with one flow for each thread.
func (raw *rawResult) readFlows(j *strictjson.Reader) {
	for range j.Array() {
		for key := range j.Members() {
			if key != "threadFlows" {
				continue
			}
			for range j.Array() {
				for key := range j.Members() {
					if key == "locations" {
						raw.flows = append(raw.flows, readLocations(j))
					}
				}
			}
		}
	}
}

// readLocations reads an array of locations or of threadFlowLocations.
func readLocations(j *strictjson.Reader) (all []rawLocation) {
	for range j.Array() {
		l := rawLocation{file: artifact{index: -1}}
		l.read(j)
		all = append(all, l)
	}
	return all
}

func (l *rawLocation) read(j *strictjson.Reader) {
	for key := range j.Members() {
		switch key {
		case "location":
			l.read(j)
		case "nestingLevel":
			l.nesting = readInt(j)
		case "message":
			l.message = readMessage(j)
		case "physicalLocation":
			for key := range j.Members() {
				switch key {
				case "artifactLocation":
					l.physical = true
					l.file = readArtifact(j)
				case "region":
					l.region = readRegion(j)
				}
			}
		}
	}
}

func readMessage(j *strictjson.Reader) (text string) {
	for key := range j.Members() {
		if key == "text" {
			text = j.Text()
		}
	}
	return text
}

func readArtifact(j *strictjson.Reader) artifact {
	a := artifact{index: -1}
	for key := range j.Members() {
		switch key {
		case "uri":
			a.uri = j.Text()
		case "uriBaseId":
			a.base = j.Text()
		case "index":
			a.index = readInt(j)
		}
	}
	return a
}

func readRegion(j *strictjson.Reader) (r Region) {
	for key := range j.Members() {
		switch key {
		case "startLine":
			r.StartLine = readInt(j)
		case "startColumn":
			r.StartColumn = readInt(j)
		case "endLine":
			r.EndLine = readInt(j)
		case "endColumn":
			r.EndColumn = readInt(j)
		case "charOffset":
			r.CharOffset = readInt(j)
			r.chars = true
		case "charLength":
			r.CharLength = readInt(j)
		}
	}
	return r
}

// readSeverity reads a number, which some tools write as a string.
func readSeverity(j *strictjson.Reader) float64 {
	read := j.Number
	if j.Peek() == '"' {
		read = j.Text
	}
	severity, err := strconv.ParseFloat(strings.TrimSpace(read()), 64)
	if err != nil || !(severity >= 0 && severity <= 10) {
		return 0 // not usable
	}
	return severity
}

var cwePattern = regexp.MustCompile(`(?i)\bcwe[-_/: ]*0*(\d{1,5})\b`)

// readCWEs appends the CWEs in a string or an array of strings, such as the tag
// "external/cwe/cwe-079"; it skips other values.
func readCWEs(j *strictjson.Reader, cwes []int) []int {
	switch j.Peek() {
	case '[':
		for range j.Array() {
			cwes = readCWEs(j, cwes)
		}
	case '"':
		for _, m := range cwePattern.FindAllStringSubmatch(j.Text(), -1) {
			n, _ := strconv.Atoi(m[1]) // at most five digits
			cwes = append(cwes, n)
		}
	default:
		j.Skip()
	}
	return cwes
}

// readTaxon reads a reference to a taxonomy, and appends it if the taxonomy is
// CWE.
func readTaxon(j *strictjson.Reader, cwes []int) []int {
	var id, taxonomy string
	for key := range j.Members() {
		switch key {
		case "id":
			id = j.Text()
		case "toolComponent":
			for key := range j.Members() {
				if key == "name" {
					taxonomy = j.Text()
				}
			}
		}
	}
	if !strings.HasPrefix(strings.ToUpper(id), "CWE") {
		id = taxonomy + "-" + id
	}
	if m := cwePattern.FindStringSubmatch(id); m != nil {
		n, _ := strconv.Atoi(m[1])
		cwes = append(cwes, n)
	}
	return cwes
}

// finding turns a result into a Finding, or returns why it cannot be used.
func (log *logReader) finding(run *toolRun, raw *rawResult) (f Finding, reason, detail string) {
	switch {
	case raw.kind != "fail" && raw.kind != "":
		return f, NotFailed, raw.kind
	case raw.baseline == "absent":
		return f, Absent, ""
	case raw.suppressed && !log.opt.Suppressed:
		return f, Suppressed, ""
	case len(raw.locations) == 0 || !raw.locations[0].physical:
		return f, NoLocation, ""
	case raw.locations[0].region == Region{}:
		return f, NoRegion, ""
	}
	rule := run.rule(raw.ruleID, raw.component, raw.index)
	f = Finding{
		Tool: run.tool, Rule: raw.ruleID, Level: raw.level, Severity: rule.severity,
		CWEs: append(slices.Clone(rule.cwes), raw.cwes...), Message: raw.message, Fingerprints: raw.fingerprints,
	}
	if f.Rule == "" {
		f.Rule = rule.id
	}
	for _, level := range []string{rule.level, "warning"} {
		if f.Level == "" {
			f.Level = level
		}
	}
	slices.Sort(f.CWEs)
	f.CWEs = slices.Compact(f.CWEs)
	var ok bool
	if f.Sink, ok = log.locate(run, raw.locations[0]); !ok {
		return f, OutsideRoot, raw.locations[0].file.uri
	}
	for _, l := range raw.related {
		if at, ok := log.locate(run, l); ok {
			f.Related = append(f.Related, at)
		}
	}
	for _, flow := range raw.flows {
		var path []Location
		for _, l := range flow {
			if at, ok := log.locate(run, l); ok {
				path = append(path, at)
			}
		}
		if len(path) > 0 {
			f.Flows = append(f.Flows, path)
		}
	}
	return f, "", ""
}

// semgrepPlace ends the messages of Semgrep's flows. Their URIs name the file
// of the sink even for places in other files, but the message names the right
// file.
var semgrepPlace = regexp.MustCompile(` @ '(.+):\d+'$`)

// locate returns the place of a location, or false if it is outside the root.
func (log *logReader) locate(run *toolRun, l rawLocation) (Location, bool) {
	at := Location{Region: l.region, Nesting: l.nesting, Message: l.message}
	at.Region.codePoints = run.codePoints
	if !l.physical {
		return at, false
	}
	file := l.file
	if strings.HasPrefix(run.tool, "Semgrep") {
		if m := semgrepPlace.FindStringSubmatch(l.message); m != nil {
			file = artifact{uri: m[1], index: -1}
		}
	}
	var ok bool
	at.Path, ok = run.resolve(file, log.opt.Root)
	return at, ok
}
