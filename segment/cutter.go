package segment

// cutter makes steps of lines as they come, in a pipeline:
//
//	lines ─► open ─► lead ─► group ─► steps
//
//	open   the piece that grows, up to a blank line or wherever else the source
//	       sets a piece apart
//	lead   comments that wait for the piece they are about
//	group  pieces joined by the soft rules: a lone return with what precedes it,
//	       imports with what follows them
//	steps  a group, or its parts if it is too long
//
// Each stage hands on what nothing that follows can change, so that a step is
// settled as early as possible, and each looks at a line a fixed number of
// times. A piece that grows past the length of two steps passes through the
// stages while it is still open.
type cutter struct {
	preset string
	noop   bool // steps of comments are NoOp ones, and wait for nothing

	open  open
	lead  lead
	group group
}

// bound is the start of a line, where a step may begin.
type bound struct {
	at     int // offset
	line   int // counted from 0
	rank   int32
	tokens int // of the lines before it
}

// piece is a stretch of lines that the source itself sets apart.
type piece struct {
	start, end bound
	cuts       []bound // where it may be cut further
	holds      content
	afterFunc  bool // a function ends right before it
	hasFunc    bool // a function begins in it
}

// content is a set of the kinds of lines that a piece holds.
type content uint8

const (
	plainCode   content = 1 << iota // of no special kind
	suffixCode                      // belongs to what precedes it
	prefixCode                      // belongs to what follows
	closingCode                     // closing brackets
	comments

	anyCode  = plainCode | suffixCode | prefixCode | closingCode
	bodyCode = anyCode &^ closingCode
)

func (p *piece) onlyComments() bool { return p.holds&(anyCode|comments) == comments }
func (p *piece) onlyClosing() bool  { return p.holds&anyCode == closingCode }
func (p *piece) onlySuffix() bool   { return p.holds&bodyCode == suffixCode }
func (p *piece) onlyPrefix() bool   { return p.holds&bodyCode == prefixCode }

// open is the stage where a piece grows line by line.
type open struct {
	piece
	phase phase
}

// phase says what the last lines of the open piece are.
type phase uint8

const (
	noPiece      phase = iota
	blankStart         // blank lines alone
	afterText          // a line of text
	afterComment       // a comment alone on its line
	afterBlank         // blank lines after text
)

// begin opens a piece.
func (o *open) begin(here bound) {
	o.piece = piece{start: here, cuts: o.cuts[:0]}
	o.phase = blankStart
}

// blank takes a blank line.
func (o *open) blank(here bound) {
	switch o.phase {
	case noPiece:
		o.begin(here)
	case afterText, afterComment:
		o.phase = afterBlank
	}
}

// text takes any other line.
func (o *open) text(l line, here bound) {
	if o.phase == noPiece {
		o.begin(here)
	}
	if o.phase == blankStart { // its first line of text
		o.afterFunc = l.rank == 0
	}
	o.phase = afterText
	if l.flags&(hasCode|inside) == 0 && l.flags&hasComment != 0 {
		o.phase = afterComment
	}
	switch {
	case l.flags&begins != 0:
		o.hasFunc = true
		o.holds |= plainCode
	case l.flags&(hasCode|keeps) == 0:
		o.holds |= comments
	case l.flags&closing != 0:
		o.holds |= closingCode
	case l.flags&suffixed != 0:
		o.holds |= suffixCode
	case l.flags&prefixed != 0:
		o.holds |= prefixCode
	default:
		o.holds |= plainCode
	}
}

// lead is the stage where comments wait for what they are about.
type lead struct {
	piece
	waiting bool
}

// wait takes a piece of comments; earlier ones are part of it.
func (l *lead) wait(p piece) {
	if l.waiting {
		p.start = l.start
	}
	p.cuts = nil
	l.piece, l.waiting = p, true
}

// before returns the piece with the comments that wait for it.
func (l *lead) before(p piece) piece {
	if l.waiting {
		p.start = l.start
		p.holds |= comments
		p.afterFunc = p.afterFunc || l.afterFunc
		l.waiting = false
	}
	return p
}

// add takes the next line; end is the bound after it.
func (c *cutter) add(l line, here, end bound) {
	if l.flags&empty != 0 && l.flags&inside == 0 {
		c.open.blank(here)
	} else {
		if l.flags&cuttable != 0 {
			c.cut(here)
		}
		c.open.text(l, here)
	}
	c.grow(end)
}

// cut ends the open piece before a line that may begin a step, or notes that it
// may be cut there. A comment right above the line keeps it.
func (c *cutter) cut(here bound) {
	switch {
	case c.open.phase != afterText && c.open.phase != afterBlank:
	case c.open.phase == afterBlank, c.preset == Lines, c.preset == Functions:
		c.shut(here)
	case c.group.state == passing:
		c.group.cuts = append(c.group.cuts, here)
	default:
		c.open.cuts = append(c.open.cuts, here)
	}
}

// grow moves the end of the open piece. One that is plain and longer than two
// steps passes on to the group while it grows.
func (c *cutter) grow(end bound) {
	c.open.end = end
	switch {
	case c.group.state == passing:
		c.group.end = end
		c.group.split(false)
	case c.preset != Functions && c.open.holds&plainCode != 0 && c.group.load(c.open.start, end) > 2*full:
		c.group.pass(c.lead.before(c.open.piece))
	}
}

// shut ends the open piece and hands it to the next stages.
func (c *cutter) shut(end bound) {
	p := c.open.piece
	p.end = end
	c.open.phase = noPiece
	switch {
	case c.group.state == passing:
		c.group.endPass(end)
	case p.onlyComments() && !c.noop:
		c.lead.wait(p)
	case p.onlyComments():
		c.group.replace(p)
	default:
		c.group.put(c.lead.before(p), c.preset)
	}
}

// finish ends the source.
func (c *cutter) finish(end bound) {
	if c.open.phase != noPiece {
		c.shut(end)
	}
	if c.lead.waiting { // for nothing
		p := c.lead.piece
		p.end = end
		c.lead.waiting = false
		if c.group.state == noGroup {
			c.group.take(p)
			c.group.holds |= plainCode // nothing but comments, and they are kept
		} else {
			c.group.join(p, false)
		}
	}
	c.group.flush()
}
