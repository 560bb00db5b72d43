package sarif

// prepare reads everything except results.
func (log *logReader) prepare(r *reader) {
	for key := range r.j.Object() {
		switch key {
		case "version":
			log.version = r.j.Text()
		case "runs":
			for range r.j.Array() {
				run := &toolRun{components: make([]component, 1), bases: map[string]artifact{}}
				log.runs = append(log.runs, run)
				run.odd = r.item(func() { run.prepare(r) })
			}
		}
	}
}

func (run *toolRun) prepare(r *reader) {
	for key := range r.members() {
		switch key {
		case "tool":
			run.readTool(r)
		case "taxonomies":
			for range r.array() {
				run.taxonomies = append(run.taxonomies, r.component("taxa"))
			}
		case "columnKind":
			run.codePoints = r.text() == "unicodeCodePoints"
		case "originalUriBaseIds":
			for id := range r.members() {
				run.bases[id] = r.artifact()
			}
		case "artifacts":
			for range r.array() {
				a := artifact{index: -1}
				odd := r.item(func() {
					for key := range r.members() {
						if key == "location" {
							a = r.artifact()
						}
					}
				})
				a.odd = odd
				run.artifacts = append(run.artifacts, a)
			}
		case "threadFlowLocations":
			for range r.array() {
				l := newLocation()
				l.odd = r.item(func() { l.read(r) })
				run.places = append(run.places, l)
			}
		case "invocations":
			for i := range r.array() {
				run.invocations++
				run.readOverrides(r, i)
			}
		}
	}
}

func (run *toolRun) readTool(r *reader) {
	for key := range r.members() {
		switch key {
		case "driver":
			run.readDriver(r)
		case "extensions":
			for range r.array() {
				run.components = append(run.components, r.component("rules"))
			}
		}
	}
}

// readDriver reads the driver, with rules and a taxonomy of its own. Every
// result needs its name.
func (run *toolRun) readDriver(r *reader) {
	driver := &run.components[0]
	for key := range r.members() {
		switch key {
		case "name":
			driver.name = r.text()
		case "taxa":
			run.taxa.oddList = r.item(func() { run.taxa.readDescriptors(r) })
		default:
			driver.readMember(r, key, "rules")
		}
	}
}

// component reads an extension or a taxonomy. Its descriptors are below the key
// list.
func (r *reader) component(list string) (c component) {
	odd := r.item(func() {
		for key := range r.members() {
			c.readMember(r, key, list)
		}
	})
	if odd != "" { // no object
		c.oddName, c.oddList, c.oddMessages = odd, odd, odd
	}
	return c
}

// readMember reads the value of a key of a toolComponent.
func (c *component) readMember(r *reader, key, list string) {
	switch key {
	case "name", "guid":
		var text string
		odd := r.item(func() { text = r.text() })
		if key == "name" {
			c.name = text
		} else {
			c.guid = text
		}
		if c.oddName == "" {
			c.oddName = odd
		}
	case list:
		c.oddList = r.item(func() { c.readDescriptors(r) })
	case "globalMessageStrings":
		c.oddMessages = r.item(func() { c.messages = r.messages() })
	}
}

func (c *component) readDescriptors(r *reader) {
	c.byID = map[string]int{}
	for range r.array() {
		var d descriptor
		d.odd = r.item(func() { d.read(r) })
		if d.odd != "" && d.id == "" && r.odd == "" {
			r.odd = d.odd // no result can say which rule it means
		}
		if _, known := c.byID[d.id]; !known {
			c.byID[d.id] = len(c.descriptors)
		}
		c.descriptors = append(c.descriptors, d)
	}
}

// read reads a reportingDescriptor.
func (d *descriptor) read(r *reader) {
	for key := range r.members() {
		switch key {
		case "id":
			d.id = r.name()
		case "guid":
			d.guid = r.text()
		case "defaultConfiguration":
			d.level = r.level()
		case "messageStrings":
			d.messages = r.messages()
		case "properties":
			d.severity = r.properties(&d.cwes)
		case "relationships": // to a taxonomy of CWEs, as gosec writes it
			for range r.array() {
				for key := range r.members() {
					if key == "target" {
						d.taxa = append(d.taxa, r.reference())
					}
				}
			}
		}
	}
}

// level reads the level of a reportingConfiguration.
func (r *reader) level() (level string) {
	for key := range r.members() {
		if key == "level" {
			level = r.text()
		}
	}
	return level
}

// readOverrides reads an invocation.
func (run *toolRun) readOverrides(r *reader, invocation int) {
	for key := range r.members() {
		if key != "ruleConfigurationOverrides" {
			continue
		}
		for range r.array() {
			o := override{invocation: invocation, rule: noReference}
			for key := range r.members() {
				switch key {
				case "descriptor":
					o.rule = r.reference()
				case "configuration":
					o.level = r.level()
				}
			}
			run.overrides = append(run.overrides, o)
		}
	}
}

// overridden returns the level that an invocation gives to the rule of a
// result, or "". A run with a single invocation need not say which.
func (run *toolRun) overridden(ref reference, rule *descriptor, invocation int) string {
	if invocation < 0 && run.invocations == 1 {
		invocation = 0
	}
	for _, o := range run.overrides {
		if o.invocation != invocation || o.level == "" {
			continue
		}
		if found := run.rule(o.rule, -1); found != nil && found == rule || rule == nil && o.rule.id != "" && o.rule.id == ref.id {
			return o.level
		}
	}
	return ""
}

func (r *reader) artifact() artifact {
	a := artifact{index: -1}
	for key := range r.members() {
		switch key {
		case "uri":
			a.uri = r.text()
		case "uriBaseId":
			a.base = r.text()
		case "index":
			a.index = r.index()
		}
	}
	return a
}
