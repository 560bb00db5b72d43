package sarif

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// results reads the results of all runs and hands them on.
func (log *logReader) results(j *jsonReader) error {
	return j.object(func(key string) error {
		if key != "runs" {
			return j.skip()
		}
		return j.array(func(i int) error {
			if i >= len(log.runs) { // the first walk ended before it
				return j.skip()
			}
			return j.object(func(key string) error {
				if key != "results" {
					return j.skip()
				}
				return j.array(func(int) error { return log.result(j, log.runs[i]) })
			})
		})
	})
}

// rawResult is a result as it stands in the log.
type rawResult struct {
	ruleID           string
	component, index int // of the rule; -1 if there is none
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

// rawLocation is a location, or the one in a threadFlowLocation.
type rawLocation struct {
	file     artifact
	physical bool
	region   Region
	nesting  int
	message  string
}

// result reads one result and yields it.
func (log *logReader) result(j *jsonReader, run *toolRun) error {
	if _, err := j.peek(); err != nil {
		return err
	}
	at := Skip{Line: j.line, Offset: j.base + int64(j.pos)}
	raw := rawResult{component: 0, index: -1, kind: "fail"}
	if err := raw.read(j); err != nil {
		return err
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
		return errStop
	}
	return nil
}

func (raw *rawResult) read(j *jsonReader) error {
	return j.object(func(key string) (err error) {
		switch key {
		case "ruleId":
			raw.ruleID, err = j.string()
		case "ruleIndex":
			raw.index, err = j.int()
		case "rule":
			err = raw.readRule(j)
		case "kind":
			raw.kind, err = j.string()
		case "level":
			raw.level, err = j.string()
		case "baselineState":
			raw.baseline, err = j.string()
		case "message":
			raw.message, err = readMessage(j)
		case "suppressions":
			err = raw.readSuppressions(j)
		case "locations":
			raw.locations, err = readLocations(j)
		case "relatedLocations":
			raw.related, err = readLocations(j)
		case "codeFlows":
			err = raw.readFlows(j)
		case "partialFingerprints":
			raw.fingerprints = map[string]string{}
			err = j.object(func(key string) (err error) {
				raw.fingerprints[key], err = j.string()
				return err
			})
		case "taxa":
			err = j.array(func(int) error { return readTaxon(j, &raw.cwes) })
		case "properties":
			err = j.object(func(key string) error {
				if key == "tags" || key == "cwe" {
					return readCWEs(j, &raw.cwes)
				}
				return j.skip()
			})
		default:
			err = j.skip()
		}
		return err
	})
}

// readRule reads a reportingDescriptorReference.
func (raw *rawResult) readRule(j *jsonReader) error {
	return j.object(func(key string) (err error) {
		switch key {
		case "id":
			var id string
			if id, err = j.string(); raw.ruleID == "" {
				raw.ruleID = id
			}
			return err
		case "index":
			raw.index, err = j.int()
			return err
		case "toolComponent":
			return j.object(func(key string) (err error) {
				if key == "index" {
					raw.component, err = j.int()
					raw.component++ // the driver is component 0 here
					return err
				}
				return j.skip()
			})
		}
		return j.skip()
	})
}

// readSuppressions: a result is suppressed if it has suppressions and all of
// them are accepted, which is what no status means.
func (raw *rawResult) readSuppressions(j *jsonReader) error {
	open := false
	err := j.array(func(int) error {
		raw.suppressed = true
		return j.object(func(key string) error {
			if key != "status" {
				return j.skip()
			}
			status, err := j.string()
			open = open || status == "rejected" || status == "underReview"
			return err
		})
	})
	raw.suppressed = raw.suppressed && !open
	return err
}

// readFlows reads codeFlows, all threads of all of them.
func (raw *rawResult) readFlows(j *jsonReader) error {
	return j.array(func(int) error {
		return j.object(func(key string) error {
			if key != "threadFlows" {
				return j.skip()
			}
			return j.array(func(int) error {
				return j.object(func(key string) error {
					if key != "locations" {
						return j.skip()
					}
					flow, err := readLocations(j)
					raw.flows = append(raw.flows, flow)
					return err
				})
			})
		})
	})
}

// readLocations reads an array of locations or of threadFlowLocations.
func readLocations(j *jsonReader) (all []rawLocation, err error) {
	err = j.array(func(int) error {
		l := rawLocation{file: artifact{index: -1}}
		err := l.read(j)
		all = append(all, l)
		return err
	})
	return all, err
}

func (l *rawLocation) read(j *jsonReader) error {
	return j.object(func(key string) (err error) {
		switch key {
		case "location":
			return l.read(j)
		case "nestingLevel":
			l.nesting, err = j.int()
			return err
		case "message":
			l.message, err = readMessage(j)
			return err
		case "physicalLocation":
			return j.object(func(key string) (err error) {
				switch key {
				case "artifactLocation":
					l.physical = true
					l.file, err = readArtifact(j)
					return err
				case "region":
					l.region, err = readRegion(j)
					return err
				}
				return j.skip()
			})
		}
		return j.skip()
	})
}

func readMessage(j *jsonReader) (text string, err error) {
	err = j.object(func(key string) (err error) {
		if key == "text" {
			text, err = j.string()
			return err
		}
		return j.skip()
	})
	return text, err
}

func readArtifact(j *jsonReader) (a artifact, err error) {
	a.index = -1
	err = j.object(func(key string) (err error) {
		switch key {
		case "uri":
			a.uri, err = j.string()
		case "uriBaseId":
			a.base, err = j.string()
		case "index":
			a.index, err = j.int()
		default:
			err = j.skip()
		}
		return err
	})
	return a, err
}

func readRegion(j *jsonReader) (r Region, err error) {
	err = j.object(func(key string) (err error) {
		switch key {
		case "startLine":
			r.StartLine, err = j.int()
		case "startColumn":
			r.StartColumn, err = j.int()
		case "endLine":
			r.EndLine, err = j.int()
		case "endColumn":
			r.EndColumn, err = j.int()
		case "charOffset":
			r.CharOffset, err = j.int()
			r.chars = true
		case "charLength":
			r.CharLength, err = j.int()
		default:
			err = j.skip()
		}
		return err
	})
	return r, err
}

// readSeverity reads a number that tools write as a string.
func readSeverity(j *jsonReader) (float64, error) {
	c, err := j.peek()
	if err != nil {
		return 0, err
	}
	read := j.number
	if c == '"' {
		read = j.string
	}
	text, err := read()
	if err != nil {
		return 0, err
	}
	severity, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(severity >= 0 && severity <= 10) {
		return 0, nil // a rule that says nothing usable has none
	}
	return severity, nil
}

var cwePattern = regexp.MustCompile(`(?i)\bcwe[-_/: ]*0*(\d{1,5})\b`)

// readCWEs collects the CWEs in a string or an array of strings, such as the
// tag "external/cwe/cwe-079"; other values are passed over.
func readCWEs(j *jsonReader, cwes *[]int) error {
	c, err := j.peek()
	if err != nil {
		return err
	}
	switch c {
	case '[':
		return j.array(func(int) error { return readCWEs(j, cwes) })
	case '"':
		text, err := j.string()
		for _, m := range cwePattern.FindAllStringSubmatch(text, -1) {
			n, _ := strconv.Atoi(m[1]) // up to five digits
			*cwes = append(*cwes, n)
		}
		return err
	}
	return j.skip()
}

// readTaxon reads a reference to a taxonomy: a CWE if the taxonomy is called so.
func readTaxon(j *jsonReader, cwes *[]int) error {
	var id, taxonomy string
	err := j.object(func(key string) (err error) {
		switch key {
		case "id":
			id, err = j.string()
			return err
		case "toolComponent":
			return j.object(func(key string) (err error) {
				if key == "name" {
					taxonomy, err = j.string()
					return err
				}
				return j.skip()
			})
		}
		return j.skip()
	})
	if !strings.HasPrefix(strings.ToUpper(id), "CWE") {
		id = taxonomy + "-" + id
	}
	if m := cwePattern.FindStringSubmatch(id); m != nil {
		n, _ := strconv.Atoi(m[1])
		*cwes = append(*cwes, n)
	}
	return err
}

// finding makes a Finding of a result, or says why not.
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
// of the sink also for places in other files; the message is right.
var semgrepPlace = regexp.MustCompile(` @ '(.+):\d+'$`)

// locate resolves a location.
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
