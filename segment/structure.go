package segment

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
	plain      bool    // has code of no special kind
	suffix     bool    // has code that belongs to what stands before it
	prefix     bool    // has code that belongs to what follows
	closing    bool    // has closing brackets
	comment    bool    // has comments
	begins     bool    // a function begins in it
	ended      bool    // a function ends right before it
}

// cutter makes steps of lines as they come, and settles each as soon as nothing
// that follows can change it. Every part of a line is looked at a fixed number
// of times.
type cutter struct {
	preset   string
	maxLines int // 0: no limit
	minLines int
	maxToken int // 0: no limit
	drop     bool

	open    piece // the piece that grows
	has     bool
	blank   bool // its last line is
	text    bool // it has a line that is not
	remarks bool // its last line is a comment alone

	lead    piece // comments that wait for what they are about
	hasLead bool

	group    piece // pieces put together, not yet a step
	hasGroup bool
	long     bool // group and open are one, of which parts are steps already

	steps []Step
}

// add takes the next line; end is the bound behind it.
func (c *cutter) add(l line, here, end bound) {
	if c.preset == Paper || c.preset == BlankLines {
		c.plainLine(l, here, end)
		return
	}
	if l.flags&empty != 0 && l.flags&inside == 0 {
		if !c.has {
			c.begin(here)
		}
		c.blank, c.remarks = true, false
		c.grow(end)
		return
	}
	cut := l.flags&cuttable != 0 && c.has && c.text && !c.remarks
	if cut && c.parts(l) {
		c.shut(here)
		c.begin(here)
		cut = false
	}
	if !c.has {
		c.begin(here)
	}
	if c.open.start.at == here.at || !c.text {
		c.open.ended = l.rank == 0
	}
	if cut {
		if c.long {
			c.group.cuts = append(c.group.cuts, here)
		} else {
			c.open.cuts = append(c.open.cuts, here)
		}
	}
	c.blank, c.text = false, true
	c.remarks = l.flags&(hasCode|inside) == 0 && l.flags&hasComment != 0
	c.note(l)
	c.grow(end)
}

// parts reports whether a line that may begin a piece does.
func (c *cutter) parts(l line) bool { return c.preset == Lines || c.preset == Functions || c.blank }

// note takes down what kind of line it is.
func (c *cutter) note(l line) {
	p := &c.open
	switch f := l.flags; {
	case f&begins != 0:
		p.begins, p.plain = true, true
	case f&hasCode == 0 && f&keeps == 0:
		p.comment = true
	case f&closing != 0:
		p.closing = true
	case f&suffixed != 0:
		p.suffix = true
	case f&prefixed != 0:
		p.prefix = true
	default:
		p.plain = true
	}
}

func (c *cutter) begin(here bound) {
	c.open = piece{start: here, cuts: c.open.cuts[:0]}
	c.has, c.blank, c.text, c.remarks = true, false, false, false
}

// grow moves the end of the open piece. One that is plain and longer than two
// steps is cut while it grows.
func (c *cutter) grow(end bound) {
	c.open.end = end
	if c.long {
		c.group.end = end
		c.split(false)
		return
	}
	if c.limited() && c.preset != Functions && c.open.plain && c.load(c.open.start, end) > 2*full {
		p := c.takeLead(c.open)
		c.flush()
		c.take(p)
		c.long = true
		c.split(false)
	}
}

// takeLead puts the comments that wait before the piece.
func (c *cutter) takeLead(p piece) piece {
	if c.hasLead {
		p.start, p.comment = c.lead.start, true
		c.hasLead = false
	}
	return p
}

// shut ends the open piece at end and joins it with others by the soft rules.
func (c *cutter) shut(end bound) {
	p := c.open
	p.end = end
	c.has = false
	if c.long {
		c.long = false
		c.group.end = end
		c.group.plain, c.group.prefix = true, false
		return
	}
	code := p.plain || p.suffix || p.prefix || p.closing
	if !code && p.comment && !c.drop {
		if c.hasLead {
			p.start = c.lead.start
		}
		c.lead, c.hasLead = p, true
		c.lead.cuts = nil
		return
	}
	noop := !code && p.comment
	ended, begins := p.ended || c.hasLead && c.lead.ended, p.begins
	p = c.takeLead(p)
	p.ended = ended
	switch g := &c.group; {
	case !c.hasGroup:
		c.take(p)
	case noop || c.noop(*g):
		c.flush()
		c.take(p)
	case !p.plain && !p.suffix && !p.prefix && p.closing:
		c.join(p, false)
	case c.preset == Functions:
		if begins || ended {
			c.flush()
			c.take(p)
		} else {
			c.join(p, true)
		}
	case c.preset == Structure && !p.plain && !p.prefix && p.suffix && c.fits(p),
		c.preset == Structure && g.prefix && !g.plain && !g.suffix && c.fits(p):
		c.join(p, false)
	case p.start.line-g.start.line < c.minLines && c.fits(p):
		c.join(p, true)
	default:
		c.flush()
		c.take(p)
	}
}

func (c *cutter) noop(p piece) bool {
	return p.comment && !p.plain && !p.suffix && !p.prefix && !p.closing
}

func (c *cutter) take(p piece) {
	p.cuts = append(c.group.cuts[:0], p.cuts...)
	c.group, c.hasGroup = p, true
}

// join puts the piece behind the group; where they meet may be cut again.
func (c *cutter) join(p piece, cut bool) {
	g := &c.group
	if cut {
		g.cuts = append(g.cuts, p.start)
	}
	g.cuts = append(g.cuts, p.cuts...)
	g.end = p.end
	g.plain = g.plain || p.plain
	g.suffix = g.suffix || p.suffix
	g.prefix = g.prefix || p.prefix
	g.closing = g.closing || p.closing
	g.comment = g.comment || p.comment
	g.begins = g.begins || p.begins
}

func (c *cutter) fits(p piece) bool { return !c.limited() || c.load(c.group.start, p.end) <= full }

func (c *cutter) limited() bool { return c.maxLines > 0 || c.maxToken > 0 }

// full is the load of a step that is as long as it may be.
const full = 1 << 20

// load says how long the lines from a to b are in parts of what is allowed.
func (c *cutter) load(a, b bound) int {
	n := 0
	if c.maxLines > 0 {
		n = (b.line - a.line) * full / c.maxLines
	}
	if c.maxToken > 0 {
		n = max(n, (b.tokens-a.tokens)*full/c.maxToken)
	}
	return n
}

// flush makes steps of the group.
func (c *cutter) flush() {
	if !c.hasGroup {
		return
	}
	if c.limited() {
		c.split(true)
	}
	c.emit(c.group.end, c.noop(c.group))
	c.hasGroup = false
}

// split cuts steps from the front of the group while it is too long: at the
// place of the least rank, among those at the one that is nearest to what makes
// equal parts. While more lines may come it leaves what two steps hold.
func (c *cutter) split(last bool) {
	g := &c.group
	used := 0
	for {
		rest := c.load(g.start, g.end)
		if rest <= full || !last && rest <= 2*full {
			break
		}
		goal := full
		if rest <= 2*full {
			goal = rest / 2
		}
		best := -1
		short := -1 // the last cut that leaves too little before it
		for i := used; i < len(g.cuts); i++ {
			n := c.load(g.start, g.cuts[i])
			if n > full {
				if best < 0 && short < 0 {
					best = i
				}
				break
			}
			if n < full/3 {
				short = i
				continue
			}
			if best < 0 || g.cuts[i].rank < g.cuts[best].rank || g.cuts[i].rank == g.cuts[best].rank &&
				abs(n-goal) < abs(c.load(g.start, g.cuts[best])-goal) {
				best = i
			}
		}
		if best < 0 {
			best = short
		}
		if best < 0 {
			break
		}
		c.emit(g.cuts[best], false)
		g.start = g.cuts[best]
		used = best + 1
	}
	g.cuts = append(g.cuts[:0], g.cuts[used:]...)
}

func abs(n int) int { return max(n, -n) }

// emit makes a step of the group up to end.
func (c *cutter) emit(end bound, noop bool) {
	c.steps = append(c.steps, Step{
		Start: c.group.start.at, End: end.at, Line: c.group.start.line + 1, EndLine: end.line, NoOp: noop,
	})
}

// finish ends the source.
func (c *cutter) finish(end bound) {
	if c.preset == Paper || c.preset == BlankLines {
		if c.has {
			c.plainShut(end)
		}
		return
	}
	if c.has {
		c.shut(end)
	}
	if c.hasLead {
		p := c.lead
		p.end = end
		c.hasLead = false
		if c.hasGroup {
			c.join(p, false)
		} else {
			c.take(p)
			c.group.plain = true // nothing but comments, and they are kept
		}
	}
	c.flush()
}

// plainLine takes the next line where structure does not matter: the presets
// Paper and BlankLines, line by line.
func (c *cutter) plainLine(l line, here, end bound) {
	if c.preset == BlankLines && l.flags&empty == 0 && c.blank && c.text {
		c.plainShut(here)
	}
	if !c.has {
		c.begin(here)
	}
	newline := end.at == here.at+1 && l.flags&ended != 0
	c.blank = l.flags&empty != 0
	c.text = c.text || !c.blank
	c.open.plain = c.open.plain || !c.blank && (l.flags&hasCode != 0 || !c.drop)
	c.open.end = end
	if c.preset == Paper && newline && c.open.start.at < here.at {
		c.plainShut(end)
	}
}

func (c *cutter) plainShut(end bound) {
	p := c.open
	c.steps = append(c.steps, Step{
		Start: p.start.at, End: end.at, Line: p.start.line + 1, EndLine: end.line, NoOp: !p.plain,
	})
	c.has = false
}
