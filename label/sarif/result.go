package sarif

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// results reads and yields the results of all runs.
func (log *logReader) results(r *reader) {
	for key := range r.j.Members() {
		switch key {
		case "runs":
			for i := range r.j.Array() {
				if i >= len(log.runs) { // the first walk did not get here
					continue
				}
				at := place(r)
				if odd := r.item(func() { log.runResults(r, log.runs[i]) }); odd != "" {
					log.skip(r, at, Malformed, odd)
				}
			}
		case "inlineExternalProperties":
			for range r.array() {
				at := place(r)
				for key := range r.members() {
					if key == "results" {
						log.skip(r, at, External, "inlineExternalProperties")
					}
				}
			}
		}
	}
}

func (log *logReader) runResults(r *reader, run *toolRun) {
	for key := range r.members() {
		switch key {
		case "results":
			for range r.array() {
				log.result(r, run)
			}
		case "externalPropertyFileReferences":
			for key := range r.members() {
				if key == "results" {
					for range r.array() {
						at := place(r)
						log.skip(r, at, External, externalFile(r))
					}
				}
			}
		}
	}
}

// externalFile reads an externalPropertyFileReference.
func externalFile(r *reader) (uri string) {
	for key := range r.members() {
		if key == "location" {
			uri = r.artifact().uri
		}
	}
	return uri
}

// place returns where the next value begins.
func place(r *reader) Skip {
	r.j.Peek()
	return Skip{Line: r.j.Line(), Offset: r.j.Offset()}
}

// skip yields a Skip for the place at.
func (log *logReader) skip(r *reader, at Skip, reason, detail string) {
	at.Reason, at.Detail = reason, detail
	log.give(r, Finding{}, &at)
}

// give yields a pair unless reading has failed.
func (log *logReader) give(r *reader, f Finding, err error) {
	if r.j.Err() != nil {
		return
	}
	if ended := log.ctx.Err(); ended != nil {
		r.j.Fail(ended)
	} else if log.fault != nil && r.j.Offset() > log.faultAt {
		r.j.Fail(errFault)
	} else if !log.yield(f, err) {
		r.j.Fail(errStop)
	}
}

// rawResult is a result as written in the log.
type rawResult struct {
	rule         reference
	ruleID       string
	index        int // ruleIndex, or -1
	kind, level  string
	baseline     string
	suppressed   bool
	cwes         []int
	taxa         []reference
	message      message
	locations    []rawLocation
	related      []rawLocation
	flows        [][]rawLocation
	fingerprints map[string]string
	invocation   int // or -1
}

// result reads one result and yields it.
func (log *logReader) result(r *reader, run *toolRun) {
	at := place(r)
	raw := rawResult{rule: noReference, index: -1, kind: "fail", invocation: -1}
	odd := r.item(func() { raw.read(r) })
	if r.j.Err() != nil {
		return
	}
	if odd == "" {
		odd = run.odd
	}
	if odd != "" {
		log.skip(r, at, Malformed, odd)
		return
	}
	f, reason, detail := log.finding(run, &raw)
	if reason != "" {
		log.skip(r, at, reason, detail)
		return
	}
	log.give(r, f, nil)
}

func (raw *rawResult) read(r *reader) {
	for key := range r.members() {
		switch key {
		case "ruleId":
			raw.ruleID = r.name()
		case "ruleIndex":
			raw.index = r.index()
		case "rule":
			raw.rule = r.reference()
		case "kind":
			raw.kind = r.text()
		case "level":
			raw.level = r.text()
		case "baselineState":
			raw.baseline = r.text()
		case "message":
			raw.message = r.message()
		case "suppressions":
			raw.readSuppressions(r)
		case "locations":
			raw.locations = r.locations()
		case "relatedLocations":
			raw.related = r.locations()
		case "codeFlows":
			raw.readFlows(r)
		case "partialFingerprints":
			raw.fingerprints = map[string]string{}
			for name := range r.members() {
				raw.fingerprints[name] = r.name()
			}
		case "taxa":
			for range r.array() {
				raw.taxa = append(raw.taxa, r.reference())
			}
		case "provenance":
			for key := range r.members() {
				if key == "invocationIndex" {
					raw.invocation = r.index()
				}
			}
		case "properties":
			r.properties(&raw.cwes)
		}
	}
}

// readSuppressions reads the suppressions of a result. It is suppressed if it
// has any and all are accepted. A suppression without a status is accepted.
func (raw *rawResult) readSuppressions(r *reader) {
	open := false
	for range r.array() {
		raw.suppressed = true
		for key := range r.members() {
			if key == "status" {
				status := r.text()
				open = open || status == "rejected" || status == "underReview"
			}
		}
	}
	raw.suppressed = raw.suppressed && !open
}

// readFlows reads codeFlows, with one flow for each thread.
func (raw *rawResult) readFlows(r *reader) {
	for range r.array() {
		for key := range r.members() {
			if key != "threadFlows" {
				continue
			}
			for range r.array() {
				for key := range r.members() {
					if key == "locations" {
						raw.flows = append(raw.flows, r.locations())
					}
				}
			}
		}
	}
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
	}
	at := slices.IndexFunc(raw.locations, func(l rawLocation) bool { return l.physical })
	switch {
	case at < 0:
		return f, NoLocation, ""
	case raw.locations[at].region == Region{}:
		return f, NoRegion, ""
	}
	ref := raw.rule
	if raw.ruleID != "" {
		ref.id = raw.ruleID
	}
	rule := run.rule(ref, raw.index)
	if rule == nil && (ref != noReference || raw.index >= 0) {
		detail = hidden(ref, run.components)
	}
	if detail == "" {
		detail = run.hiddenTaxon(raw.taxa)
	}
	text, odd := run.text(raw.message, rule)
	if detail == "" {
		detail = odd
	}
	if detail != "" {
		return f, Malformed, detail
	}
	f = Finding{
		Tool: run.components[0].name, Rule: ref.id, Level: raw.level,
		CWEs: run.appendCWEs(raw.cwes, raw.taxa), Message: text, Fingerprints: raw.fingerprints,
	}
	levels := []string{run.overridden(ref, rule, raw.invocation), "", "warning"}
	if rule != nil {
		if rule.odd != "" {
			return f, Malformed, rule.odd
		}
		if odd := run.hiddenTaxon(rule.taxa); odd != "" {
			return f, Malformed, odd
		}
		if f.Rule == "" {
			f.Rule = rule.id
		}
		f.Severity, levels[1] = rule.severity, rule.level
		f.CWEs = run.appendCWEs(append(f.CWEs, rule.cwes...), rule.taxa)
	}
	for _, level := range levels {
		if f.Level == "" {
			f.Level = level
		}
	}
	slices.Sort(f.CWEs)
	f.CWEs = slices.Compact(f.CWEs)
	locate := func(l rawLocation) (Location, bool) {
		to, odd, ok := log.locate(run, l, rule)
		if odd != "" && detail == "" {
			reason, detail = Malformed, odd
		}
		return to, ok
	}
	var ok bool
	if f.Sink, ok = locate(raw.locations[at]); !ok && reason == "" {
		return f, OutsideRoot, raw.locations[at].file.uri
	}
	for _, l := range raw.related {
		if to, ok := locate(l); ok {
			f.Related = append(f.Related, to)
		}
	}
	for _, flow := range raw.flows {
		var path []Location
		for _, l := range flow {
			if to, ok := locate(l); ok {
				path = append(path, to)
			}
		}
		if len(path) > 0 {
			f.Flows = append(f.Flows, path)
		}
	}
	return f, reason, detail
}

// semgrepPlace ends the messages of Semgrep's flows. Their URIs name the file
// of the sink even for places in other files, but the message names the right
// file.
var semgrepPlace = regexp.MustCompile(` @ '(.+):\d+'$`)

// locate returns the place of a location of a result. ok is false if it is no
// place or outside the root, odd says why it cannot be read.
func (log *logReader) locate(run *toolRun, l rawLocation, rule *descriptor) (at Location, odd string, ok bool) {
	if l.shared >= 0 && !l.physical {
		if l.shared >= len(run.places) {
			return at, fmt.Sprintf("threadFlowLocations[%d]: there are %d", l.shared, len(run.places)), false
		}
		own := l
		if l = run.places[l.shared]; own.nested {
			l.nesting = own.nesting
		}
	}
	text, oddText := run.text(l.message, rule)
	if l.odd == "" {
		l.odd = oddText
	}
	at = Location{Region: l.region, Nesting: l.nesting, Message: text}
	at.Region.codePoints = run.codePoints
	if l.odd != "" || !l.physical {
		return at, l.odd, false
	}
	file := l.file
	if strings.HasPrefix(run.components[0].name, "Semgrep") {
		if m := semgrepPlace.FindStringSubmatch(at.Message); m != nil {
			file = artifact{uri: m[1], index: -1}
		}
	}
	if file.uri == "" && file.index >= 0 {
		if file.index >= len(run.artifacts) {
			return at, fmt.Sprintf("artifacts[%d]: there are %d", file.index, len(run.artifacts)), false
		}
		if odd := run.artifacts[file.index].odd; odd != "" {
			return at, odd, false
		}
	}
	at.Path, ok = run.resolve(file, log.opt.Root)
	return at, "", ok
}
