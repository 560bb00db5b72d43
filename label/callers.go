package label

import (
	"fmt"
	"slices"
)

// CallerOptions say how far vulnerability spreads to callers. The zero value
// follows exact calls, however deep.
type CallerOptions struct {
	// Weakest is the least sure grade that is followed; Exact by default. With
	// names alone, a closure tends to hold half of a repository.
	Weakest Grade

	// MaxDepth is the largest number of calls between a caller and a root; 0
	// for no limit.
	MaxDepth int

	// AfterCallee leaves out callers that stand before the callee in the same
	// file. A causal model that reads them has not seen the callee yet and cannot
	// know why they should be vulnerable.
	AfterCallee bool

	// MaxShare stops at a share of all functions: a closure larger than that
	// says nothing. 0.25 where it is 0; graphs of fewer than 20 functions are
	// never stopped.
	MaxShare float64
}

// Caller is a function that calls a root, directly or not.
type Caller struct {
	Function int  // index of CallGraph.Functions
	Depth    int  // calls to the nearest root, from 1
	Via      Edge // the call that leads there: the first in the graph's order
}

// guardFloor is the size below which no closure is too large.
const guardFloor = 20

// Callers returns the functions from which calls lead to the roots, nearest
// first, without the roots; recursion and cycles end. stopped reports that
// MaxShare was passed: then there is no caller, because a part of such a closure
// is as arbitrary as the whole. Errors are ErrInput.
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
			return nil, false, fmt.Errorf("%w: root %d of %d functions", ErrInput, root, len(g.Functions))
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

// before reports whether the caller of an edge stands before the callee.
func (g *CallGraph) before(e Edge) bool {
	a, b := g.Functions[e.Caller], g.Functions[e.Callee]
	return a.File == b.File && a.Start < b.Start
}

// Roots returns the functions of a file that hold vulnerable steps, in order.
// steps are those of the file.
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

// Mark makes steps of a file vulnerable that belong to callers: all steps of
// their definitions or, with sites, only those that hold the calls. Steps that
// were secure are then From Propagated too and have the weight, in (0, 1]; those
// that were vulnerable stay as they are. It returns how many changed. A weight
// outside is an error that wraps ErrInput.
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
