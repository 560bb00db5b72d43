package label

import (
	"fmt"
	"slices"
)

// CallerOptions say how far vulnerability spreads to callers. The zero value
// follows exact calls to any depth.
type CallerOptions struct {
	// Weakest is the least certain grade to follow, Exact by default. If calls
	// are followed by name alone, half of a repository tends to be a caller.
	Weakest Grade

	// MaxDepth is the largest number of calls between a caller and a root, or 0
	// for no limit.
	MaxDepth int

	// AfterCallee leaves out callers that come before the callee in the same
	// file. A causal model that reads such a caller has not seen the callee
	// yet, and cannot know why the caller should be vulnerable.
	AfterCallee bool

	// MaxShare is the largest share of all functions that may be callers, 0.25
	// if it is 0: beyond that, being a caller says nothing. Graphs of fewer
	// than 20 functions have no limit.
	MaxShare float64
}

// Caller is a function that calls a root, directly or not.
type Caller struct {
	Function int  // index of CallGraph.Functions
	Depth    int  // calls to the nearest root, from 1
	Via      Edge // the call that leads there, the first in the order of the graph
}

// guardFloor is the number of functions from which MaxShare applies.
const guardFloor = 20

// Callers returns the functions that call a root, directly or through others,
// nearest first and without the roots. stopped reports that they exceeded
// MaxShare: Callers then returns none, because a part of them would be as
// arbitrary as all. Errors are ErrInput.
func (g *CallGraph) Callers(roots []int, opt CallerOptions) (callers []Caller, stopped bool, err error) {
	share := opt.MaxShare
	if share == 0 {
		share = 0.25
	}
	if !(share > 0 && share <= 1) || opt.MaxDepth < 0 || opt.Weakest > Dynamic {
		return nil, false, fmt.Errorf("%w: caller options %+v", ErrInput, opt)
	}
	seen := make([]bool, len(g.Functions))
	type reached struct{ function, depth int }
	var queue []reached
	for _, root := range roots {
		if root < 0 || root >= len(g.Functions) {
			return nil, false, fmt.Errorf("%w: no such root: %d of %d functions", ErrInput, root, len(g.Functions))
		}
		if !seen[root] {
			seen[root] = true
			queue = append(queue, reached{root, 0})
		}
	}
	limit := len(g.Functions)
	if limit >= guardFloor {
		limit = int(share * float64(limit))
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if opt.MaxDepth > 0 && at.depth == opt.MaxDepth {
			break
		}
		for _, i := range g.callers[at.function] {
			e := g.Edges[i]
			if seen[e.Caller] || e.Grade > opt.Weakest || opt.AfterCallee && g.before(e) {
				continue
			}
			seen[e.Caller] = true
			queue = append(queue, reached{e.Caller, at.depth + 1})
			callers = append(callers, Caller{e.Caller, at.depth + 1, e})
		}
		if len(callers) > limit {
			return nil, true, nil
		}
	}
	return callers, false, nil
}

// before reports whether the caller of an edge comes before the callee.
func (g *CallGraph) before(e Edge) bool {
	a, b := g.Functions[e.Caller], g.Functions[e.Callee]
	return a.File == b.File && a.Start < b.Start
}

// Roots returns the functions of a file that contain vulnerable steps, in
// order. steps are the steps of the file.
func (g *CallGraph) Roots(file int, steps []Step) (roots []int) {
	for i, f := range g.Functions {
		if f.File == file && slices.ContainsFunc(steps, func(s Step) bool {
			return !s.Secure && s.Start < f.End && f.Start < s.End
		}) {
			roots = append(roots, i)
		}
	}
	return roots
}

// Mark makes the steps of callers vulnerable in one file: all steps of their
// definitions or, with sites, only the steps that contain the calls. Each step
// that was secure gets the given weight and Propagated as a further source;
// steps that were vulnerable stay as they are. Mark returns how many steps it
// changed. A weight outside (0, 1] is ErrInput.
func (g *CallGraph) Mark(steps []Step, file int, callers []Caller, weight float64, sites bool) (int, error) {
	if err := checkWeight(weight); err != nil {
		return 0, err
	}
	changed := 0
	for _, c := range callers {
		f := g.Functions[c.Function]
		if f.File != file {
			continue
		}
		start, end := f.Start, f.End
		if sites {
			start, end = c.Via.Offset, c.Via.Offset+1
		}
		for i := StepAt(steps, start); i < len(steps) && steps[i].Start < end; i++ {
			if s := &steps[i]; s.Secure {
				s.Secure = false
				s.From |= Propagated
				s.Weight = weight
				changed++
			}
		}
	}
	return changed, nil
}
