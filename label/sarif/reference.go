package sarif

import (
	"regexp"
	"strconv"
	"strings"
)

// reference is a reportingDescriptorReference: id, guid and index are three
// ways to name a rule or taxon.
type reference struct {
	id, guid  string
	index     int // or -1
	component componentReference
}

// componentReference names an extension or a taxonomy.
type componentReference struct {
	name, guid string
	index      int // or -1
}

var (
	noComponent = componentReference{index: -1}
	noReference = reference{index: -1, component: noComponent}
)

func (r *reader) reference() reference {
	ref := noReference
	for key := range r.members() {
		switch key {
		case "id":
			ref.id = r.name()
		case "guid":
			ref.guid = r.text()
		case "index":
			ref.index = r.index()
		case "toolComponent":
			for key := range r.members() {
				switch key {
				case "name":
					ref.component.name = r.text()
				case "guid":
					ref.component.guid = r.text()
				case "index":
					ref.component.index = r.index()
				}
			}
		}
	}
	return ref
}

// component is the driver, an extension or a taxonomy.
type component struct {
	name, guid  string
	descriptors []descriptor   // rules, or the taxa of a taxonomy
	byID        map[string]int // the first of each id
	messages    map[string]string

	oddName, oddList, oddMessages string // what could not be read
}

// hidden returns the odd value that may hide what a reference names, or "".
func hidden(ref reference, all []component) string {
	for _, c := range all {
		if c.oddList != "" {
			return c.oddList
		}
		if ref.component != noComponent && c.oddName != "" {
			return c.oddName
		}
	}
	return ""
}

// descriptor is a reportingDescriptor: a rule or a taxon.
type descriptor struct {
	id, guid string
	level    string
	severity float64
	cwes     []int
	taxa     []reference // that it relates to
	messages map[string]string
	odd      string
}

// find returns the component that a reference names. guid and name count before
// the index, which some producers leave at 0.
func (ref componentReference) find(all []component) *component {
	for i := range all {
		if ref.guid != "" && all[i].guid == ref.guid || ref.name != "" && all[i].name == ref.name {
			return &all[i]
		}
	}
	if ref.guid == "" && ref.name == "" && ref.index >= 0 && ref.index < len(all) {
		return &all[ref.index]
	}
	return nil
}

// at returns the descriptor at an index if id and guid of the reference do not
// contradict it, or nil.
func (c *component) at(index int, ref reference) *descriptor {
	if index < 0 || index >= len(c.descriptors) {
		return nil
	}
	d := &c.descriptors[index]
	if ref.id != "" && ref.id != d.id && !strings.HasPrefix(ref.id, d.id+"/") || ref.guid != "" && d.guid != "" && ref.guid != d.guid {
		return nil
	}
	return d
}

// rule finds the rule that a reference names, or nil. index is a further index,
// ruleIndex. The id may have further components, separated by "/", after the id
// of the rule. Where id and index contradict, the id counts: many producers
// write 0 by default.
func (run *toolRun) rule(ref reference, index int) *descriptor {
	c := &run.components[0] // the driver
	if ref.component != noComponent {
		if c = ref.component.find(run.components[1:]); c == nil {
			c = ref.component.find(run.components[:1])
		}
	}
	if c != nil {
		for _, i := range []int{ref.index, index} {
			if d := c.at(i, ref); d != nil {
				return d
			}
		}
	}
	for i := range run.components {
		for j := range run.components[i].descriptors {
			if d := &run.components[i].descriptors[j]; ref.guid != "" && d.guid == ref.guid && (ref.id == "" || ref.id == d.id) {
				return d
			}
		}
	}
	for id := ref.id; id != ""; {
		if c != nil {
			if i, ok := c.byID[id]; ok {
				return &c.descriptors[i]
			}
		}
		for k := range run.components {
			if i, ok := run.components[k].byID[id]; ok {
				return &run.components[k].descriptors[i]
			}
		}
		cut := strings.LastIndexByte(id, '/')
		if cut < 0 {
			break
		}
		id = id[:cut]
	}
	return nil
}

// cwe returns the CWE that a reference to a taxon names, if the taxonomy is
// CWE. Without a component, it is a taxon of the driver.
func (run *toolRun) cwe(ref reference) (cwe int, ok bool) {
	id, taxonomy := ref.id, ref.component.name
	c := &run.taxa
	if ref.component != noComponent {
		c = ref.component.find(run.taxonomies)
	}
	if c != nil {
		if taxonomy == "" {
			taxonomy = c.name
		}
		switch _, known := c.byID[id]; {
		case id != "" && !known && len(c.descriptors) > 0 && ref.component.name == "" && ref.component.guid == "":
			taxonomy = "" // the index is that of another component
		case id == "" && c.at(ref.index, ref) != nil:
			id = c.at(ref.index, ref).id
		}
	}
	if id == "" && ref.guid != "" {
		for _, c := range append(run.taxonomies, run.taxa) {
			for _, d := range c.descriptors {
				if d.guid == ref.guid {
					id, taxonomy = d.id, c.name
				}
			}
		}
	}
	if !strings.HasPrefix(strings.ToUpper(id), "CWE") {
		id = taxonomy + "-" + id
	}
	m := cwePattern.FindStringSubmatch(id)
	if m == nil {
		return 0, false
	}
	cwe, _ = strconv.Atoi(m[1]) // at most five digits
	return cwe, true
}

// hiddenTaxon returns the odd value that may hide a CWE, or "".
func (run *toolRun) hiddenTaxon(taxa []reference) string {
	for _, ref := range taxa {
		if _, ok := run.cwe(ref); ok {
			continue
		}
		all := []component{run.taxa}
		if ref.component != noComponent {
			if all = run.taxonomies; ref.component.find(all) != nil {
				all = []component{*ref.component.find(all)}
			}
		}
		if odd := hidden(ref, all); odd != "" {
			return odd
		}
	}
	return ""
}

// appendCWEs appends the CWEs that references to taxa name.
func (run *toolRun) appendCWEs(cwes []int, taxa []reference) []int {
	for _, ref := range taxa {
		if cwe, ok := run.cwe(ref); ok {
			cwes = append(cwes, cwe)
		}
	}
	return cwes
}

var (
	cwePattern = regexp.MustCompile(`(?i)\bcwe[-_/: ]*0*(\d{1,5})\b`)
	bareCWE    = regexp.MustCompile(`^\s*0*(\d{1,5})\s*$`)
)

// properties reads the CWEs of a property bag into cwes, and the severity.
func (r *reader) properties(cwes *[]int) (severity float64) {
	for key := range r.members() {
		switch key {
		case "security-severity":
			severity = r.severity()
		case "tags", "cwe":
			*cwes = r.cwes(*cwes, key == "cwe")
		}
	}
	return severity
}

// cwes appends the CWEs in a value or an array of them, such as the tag
// "external/cwe/cwe-079" or, if bare numbers count, 79. It skips other values.
func (r *reader) cwes(cwes []int, bare bool) []int {
	var text string
	switch r.j.Peek() {
	case '[':
		for range r.j.Array() {
			cwes = r.cwes(cwes, bare)
		}
		return cwes
	case '"':
		text = r.j.Text()
	case '0':
		text = r.j.Number()
	default:
		r.j.Skip()
	}
	found := cwePattern.FindAllStringSubmatch(text, -1)
	if m := bareCWE.FindStringSubmatch(text); m != nil && bare {
		found = append(found, m)
	}
	for _, m := range found {
		n, _ := strconv.Atoi(m[1]) // at most five digits
		cwes = append(cwes, n)
	}
	return cwes
}
