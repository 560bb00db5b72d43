package sarif

// rawLocation is a location or a threadFlowLocation as written in the log.
type rawLocation struct {
	file     artifact
	physical bool
	region   Region
	nesting  int
	nested   bool // the nesting was given
	message  message
	shared   int // into the run's threadFlowLocations, or -1
	odd      string
}

func newLocation() rawLocation { return rawLocation{file: artifact{index: -1}, shared: -1} }

// locations reads an array of locations or of threadFlowLocations.
func (r *reader) locations() (all []rawLocation) {
	for range r.array() {
		l := newLocation()
		l.read(r)
		all = append(all, l)
	}
	return all
}

func (l *rawLocation) read(r *reader) {
	for key := range r.members() {
		switch key {
		case "index":
			l.shared = r.index()
		case "location":
			l.read(r)
		case "nestingLevel":
			l.nesting, l.nested = r.int(), true
		case "message":
			l.message = r.message()
		case "physicalLocation":
			for key := range r.members() {
				switch key {
				case "artifactLocation":
					l.physical = true
					l.file = r.artifact()
				case "region":
					l.region = r.region()
				}
			}
		}
	}
}

func (r *reader) region() (g Region) {
	for key := range r.members() {
		switch key {
		case "startLine":
			g.StartLine = r.int()
		case "startColumn":
			g.StartColumn = r.int()
		case "endLine":
			g.EndLine = r.int()
		case "endColumn":
			g.EndColumn = r.int()
		case "charOffset":
			g.CharOffset = r.int()
			g.chars = true
		case "charLength":
			g.CharLength = r.int()
		}
	}
	return g
}
