package segment

// group is the last stage of the cutter: pieces put together that are not yet a
// step.
type group struct {
	piece
	state groupState
	steps []Step

	maxLines int // 0: no limit
	minLines int
	maxToken int // 0: no limit
}

type groupState uint8

const (
	noGroup groupState = iota
	whole              // no step of it is made yet
	passing            // the group is the open piece, whose first parts are steps already
)

// full is the load of a step that is as long as it may be.
const full = 1 << 20

// load says how long the lines from a to b are in parts of what is allowed, 0
// without a limit.
func (g *group) load(a, b bound) int {
	n := 0
	if g.maxLines > 0 {
		n = (b.line - a.line) * full / g.maxLines
	}
	if g.maxToken > 0 {
		n = max(n, (b.tokens-a.tokens)*full/g.maxToken)
	}
	return n
}

// fits reports whether the group and p together are not too long.
func (g *group) fits(p piece) bool { return g.load(g.start, p.end) <= full }

// put joins the piece to the group by the soft rules, or begins another.
func (g *group) put(p piece, preset string) {
	switch {
	case g.state == noGroup:
		g.take(p)
	case g.onlyComments():
		g.replace(p)
	case p.onlyClosing():
		g.join(p, false)
	case preset == Functions:
		if p.hasFunc || p.afterFunc {
			g.replace(p)
		} else {
			g.join(p, true)
		}
	case preset == Structure && (p.onlySuffix() || g.onlyPrefix()) && g.fits(p):
		g.join(p, false)
	case p.start.line-g.start.line < g.minLines && g.fits(p):
		g.join(p, true)
	default:
		g.replace(p)
	}
}

// replace makes steps of the group and begins another with the piece.
func (g *group) replace(p piece) {
	g.flush()
	g.take(p)
}

// take makes the piece the group.
func (g *group) take(p piece) {
	p.cuts = append(g.cuts[:0], p.cuts...)
	g.piece, g.state = p, whole
}

// join appends the piece to the group; if cut, they may be cut again where they
// meet.
func (g *group) join(p piece, cut bool) {
	if cut {
		g.cuts = append(g.cuts, p.start)
	}
	g.cuts = append(g.cuts, p.cuts...)
	g.end = p.end
	g.holds |= p.holds
	g.hasFunc = g.hasFunc || p.hasFunc
}

// pass makes the open piece the group while it grows.
func (g *group) pass(p piece) {
	g.replace(p)
	g.state = passing
	g.split(false)
}

// endPass ends the open piece; what is left of it is a group like any other.
func (g *group) endPass(end bound) {
	g.state = whole
	g.end = end
	g.holds = g.holds&^prefixCode | plainCode
}

// flush makes steps of the group.
func (g *group) flush() {
	if g.state == noGroup {
		return
	}
	g.split(true)
	g.emit(g.end, g.onlyComments())
	g.state = noGroup
}

// split cuts steps from the front of the group while it is too long: at the
// place of the least rank, and among equals at the one that makes the parts most
// equal. While more lines may come it leaves what two steps hold.
func (g *group) split(last bool) {
	used := 0
	for {
		rest := g.load(g.start, g.end)
		if rest <= full || !last && rest <= 2*full {
			break
		}
		goal := full
		if rest <= 2*full {
			goal = rest / 2
		}
		best := g.bestCut(used, goal)
		if best < 0 {
			break
		}
		g.emit(g.cuts[best], false)
		g.start = g.cuts[best]
		used = best + 1
	}
	g.cuts = append(g.cuts[:0], g.cuts[used:]...)
}

// bestCut returns the index of the best cut of those from an index on, or -1;
// the load before it should be goal. Of a cut that leaves less than a third of a
// step and one that leaves more than a step, the first is taken, and either only
// if there is no other.
func (g *group) bestCut(from, goal int) int {
	best, short := -1, -1
	for i := from; i < len(g.cuts); i++ {
		n := g.load(g.start, g.cuts[i])
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
			abs(n-goal) < abs(g.load(g.start, g.cuts[best])-goal) {
			best = i
		}
	}
	if best < 0 {
		return short
	}
	return best
}

func abs(n int) int { return max(n, -n) }

// emit makes a step of the group up to end.
func (g *group) emit(end bound, noop bool) {
	g.steps = append(g.steps, Step{Start: g.start.at, End: end.at, Line: g.start.line + 1, EndLine: end.line, NoOp: noop})
}
