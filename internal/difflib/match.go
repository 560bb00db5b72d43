package difflib

import (
	"cmp"
	"context"
	"slices"
)

// Options are the two heuristics of difflib's SequenceMatcher. The zero
// value uses neither, which is SequenceMatcher(None, a, b, autojunk=False).
type Options struct {
	// AutoJunk leaves elements that b holds too often out of the search for
	// matches: where len(b) >= 200, those that occur more than len(b)/100 + 1
	// times. difflib does so by default, and misses matches for it.
	AutoJunk bool

	// Junk reports the elements of b that no match may begin with; nil means
	// none. It is called once for each distinct element of b.
	Junk func(element int32) bool
}

// Block says that a[A:A+Len] equals b[B:B+Len].
type Block struct{ A, B, Len int }

// Match compares two sequences as difflib's SequenceMatcher does: the same
// blocks, hence the same opcodes and ratios. It takes the longest block that
// both share, of equally long ones the first in a, then the first in b, and
// goes on left and right of it. a and b are kept by the result and must not
// change.
//
// Time is quadratic in the worst case (two sequences of one element), though
// with a small factor; the error is that of ctx, looked at every few
// milliseconds, and there is no other.
func Match(ctx context.Context, a, b []int32, opt Options) (*Matching, error) {
	m := &matcher{ctx: ctx}
	m.index(a, b, opt)
	blocks, err := m.blocks()
	if err != nil {
		return nil, err
	}
	return &Matching{a: a, b: b, blocks: blocks}, nil
}

// matcher holds one comparison. Elements are renumbered from 0 without gaps
// worth mentioning, so that tables take the place of hash maps.
type matcher struct {
	ctx  context.Context
	a, b []int32

	// The occurrences of element e in b, ascending, are
	// at[first[e]:first[e+1]]; none for junk and popular elements.
	at, first []int32
	junk      []bool // by element; nil where there is none
	popular   []int32

	// seen is b with -1 for the elements that are not listed.
	seen []int32

	work int // elements visited since the context was last looked at
}

// workPerCheck bounds what is done between two looks at the context, about 2 ms.
const workPerCheck = 1 << 20

// index renumbers the elements and lists where b has them.
func (m *matcher) index(a, b []int32, opt Options) {
	both, n := renumber(a, b)
	m.a, m.b = both[:len(a)], both[len(a):]
	m.first = make([]int32, n+1)
	for _, e := range m.b {
		m.first[e+1]++
	}
	skip := make([]bool, n)
	if opt.Junk != nil {
		m.junk = make([]bool, n)
		asked := make([]bool, n)
		for j, e := range m.b {
			if !asked[e] {
				asked[e] = true
				m.junk[e] = opt.Junk(b[j])
				skip[e] = m.junk[e]
			}
		}
	}
	if opt.AutoJunk && len(b) >= 200 {
		limit := int32(len(b)/100 + 1)
		for j, e := range m.b {
			if !skip[e] && m.first[e+1] > limit {
				skip[e] = true
				m.popular = append(m.popular, b[j])
			}
		}
	}
	for e := range n {
		if skip[e] {
			m.first[e+1] = 0
		}
		m.first[e+1] += m.first[e]
	}
	m.at = make([]int32, m.first[n])
	m.seen = slices.Clone(m.b)
	next := slices.Clone(m.first[:n])
	for j, e := range m.b {
		if skip[e] {
			m.seen[j] = -1
			continue
		}
		m.at[next[e]] = int32(j)
		next[e]++
	}
}

// renumber returns a and b as one sequence of numbers below n. Small numbers
// stay what they are.
func renumber(a, b []int32) (both []int32, n int) {
	both = append(append(make([]int32, 0, len(a)+len(b)), a...), b...)
	low, high := int32(0), int32(-1)
	for _, e := range both {
		low, high = min(low, e), max(high, e)
	}
	if low == 0 && int(high) < 4*len(both)+1024 {
		return both, int(high) + 1
	}
	ids := make(map[int32]int32)
	for i, e := range both {
		id, ok := ids[e]
		if !ok {
			id = int32(len(ids))
			ids[e] = id
		}
		both[i] = id
	}
	return both, len(ids)
}

// window is a part of a and a part of b that are still to be compared.
type window struct{ alo, ahi, blo, bhi int }

// blocks is SequenceMatcher.get_matching_blocks without the empty one at the end.
func (m *matcher) blocks() ([]Block, error) {
	var found []Block
	todo := []window{{0, len(m.a), 0, len(m.b)}}
	for len(todo) > 0 {
		w := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		k, err := m.longest(w)
		if err != nil {
			return nil, err
		}
		if k.Len == 0 {
			continue
		}
		found = append(found, k)
		if w.alo < k.A && w.blo < k.B {
			todo = append(todo, window{w.alo, k.A, w.blo, k.B})
		}
		if k.A+k.Len < w.ahi && k.B+k.Len < w.bhi {
			todo = append(todo, window{k.A + k.Len, w.ahi, k.B + k.Len, w.bhi})
		}
	}
	slices.SortFunc(found, func(x, y Block) int { return cmp.Compare(x.A, y.A) })
	joined := found[:0]
	for _, k := range found {
		if n := len(joined); n > 0 && joined[n-1].A+joined[n-1].Len == k.A && joined[n-1].B+joined[n-1].Len == k.B {
			joined[n-1].Len += k.Len
			continue
		}
		joined = append(joined, k)
	}
	return joined, nil
}

// longest is SequenceMatcher.find_longest_match. It does not look at every
// element of a: a run that is longer than the best so far, n, and begins behind
// the element last looked at holds the one n + 1 further on. Of equally long
// runs, one that begins earlier also holds every earlier element looked at that
// the later one holds, so the first is never missed.
func (m *matcher) longest(w window) (Block, error) {
	best := Block{w.alo, w.blo, 0}
	better := func(k Block) bool {
		return k.Len > best.Len || k.Len == best.Len && (k.A < best.A || k.A == best.A && k.B < best.B)
	}
	for i := w.alo; i < w.ahi; i += best.Len + 1 {
		e := m.a[i]
		for _, at := range between(m.at[m.first[e]:m.first[e+1]], int32(w.blo), int32(w.bhi)) {
			if m.work++; m.work >= workPerCheck {
				m.work = 0
				if err := m.ctx.Err(); err != nil {
					return best, err
				}
			}
			j := int(at)
			back := min(i-w.alo, j-w.blo)
			if most := (Block{i - back, j - back, back + min(w.ahi-i, w.bhi-j)}); !better(most) {
				continue
			}
			k := m.run(i, j, w)
			if better(k) {
				best = k
			}
			m.work += k.Len
		}
	}
	// The popular elements next to it, then the junk.
	best = m.extend(best, w, false)
	return m.extend(best, w, true), nil
}

// run returns the run of listed elements around the match of a[i] and b[j].
func (m *matcher) run(i, j int, w window) Block {
	back := min(i-w.alo, j-w.blo)
	a, b := m.a[i-back:i], m.seen[j-back:j]
	n := back
	for n > 0 && a[n-1] == b[n-1] {
		n--
	}
	back -= n
	on := min(w.ahi-i, w.bhi-j)
	a, b = m.a[i:i+on], m.seen[j:j+on]
	n = 1
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return Block{i - back, j - back, back + n}
}

// extend grows a block within its window by equal elements that are junk or
// that are not.
func (m *matcher) extend(k Block, w window, junk bool) Block {
	for k.A > w.alo && k.B > w.blo && m.isJunk(k.B-1) == junk && m.a[k.A-1] == m.b[k.B-1] {
		k.A--
		k.B--
		k.Len++
	}
	for k.A+k.Len < w.ahi && k.B+k.Len < w.bhi && m.isJunk(k.B+k.Len) == junk && m.a[k.A+k.Len] == m.b[k.B+k.Len] {
		k.Len++
	}
	return k
}

func (m *matcher) isJunk(j int) bool { return m.junk != nil && m.junk[m.b[j]] }

// between returns the part of an ascending list that lies in [lo, hi).
func between(list []int32, lo, hi int32) []int32 {
	if len(list) == 0 {
		return nil
	}
	if list[0] < lo {
		i, _ := slices.BinarySearch(list, lo)
		list = list[i:]
	}
	if n := len(list); n > 0 && list[n-1] >= hi {
		i, _ := slices.BinarySearch(list, hi)
		list = list[:i]
	}
	return list
}
