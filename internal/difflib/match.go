package difflib

import (
	"cmp"
	"context"
	"slices"
)

// block is a run that both sequences share: a[a:a+len] equals b[b:b+len].
type block struct{ a, b, len int }

// matcher compares two sequences. It renumbers their elements from 0 with few
// gaps, so that tables can replace hash maps.
type matcher struct {
	ctx  context.Context
	a, b []int32

	// Element e occurs in b at at[first[e]:first[e+1]], ascending. Popular
	// elements, which Options.AutoJunk excludes, are not listed.
	at, first []int32

	// listed is b with -1 in place of popular elements.
	listed []int32

	work int // elements visited since the context was last checked
}

// workPerCheck bounds the work between two checks of the context, about 2 ms.
const workPerCheck = 1 << 20

// newMatcher renumbers the elements and lists where they occur in b.
func newMatcher(ctx context.Context, a, b []int32, opt Options) *matcher {
	both, n := renumber(a, b)
	m := &matcher{ctx: ctx, a: both[:len(a)], b: both[len(a):]}
	m.first = make([]int32, n+1) // at first the count of element e, at e+1
	for _, e := range m.b {
		m.first[e+1]++
	}
	popular := make([]bool, n)
	if limit := len(b)/100 + 1; opt.AutoJunk && len(b) >= 200 {
		for e := range n {
			popular[e] = int(m.first[e+1]) > limit
		}
	}
	for e := range n {
		if popular[e] {
			m.first[e+1] = 0
		}
		m.first[e+1] += m.first[e]
	}
	m.at = make([]int32, m.first[n])
	m.listed = slices.Clone(m.b)
	next := slices.Clone(m.first[:n])
	for j, e := range m.b {
		if popular[e] {
			m.listed[j] = -1
			continue
		}
		m.at[next[e]] = int32(j)
		next[e]++
	}
	return m
}

// renumber returns a and b as one sequence of numbers below n. It leaves small
// numbers as they are.
func renumber(a, b []int32) (both []int32, n int) {
	both = slices.Concat(a, b)
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

// blocks is SequenceMatcher.get_matching_blocks without the empty block at the
// end. It takes the longest block that both sequences share; among equally long
// ones the first in a, then the first in b; and goes on to its left and right.
func (m *matcher) blocks() ([]block, error) {
	var found []block
	todo := []window{{0, len(m.a), 0, len(m.b)}}
	for len(todo) > 0 {
		w := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		k, err := m.longest(w)
		if err != nil {
			return nil, err
		}
		if k.len == 0 {
			continue
		}
		found = append(found, k)
		if w.alo < k.a && w.blo < k.b {
			todo = append(todo, window{w.alo, k.a, w.blo, k.b})
		}
		if k.a+k.len < w.ahi && k.b+k.len < w.bhi {
			todo = append(todo, window{k.a + k.len, w.ahi, k.b + k.len, w.bhi})
		}
	}
	slices.SortFunc(found, func(x, y block) int { return cmp.Compare(x.a, y.a) })
	joined := found[:0]
	for _, k := range found {
		if n := len(joined); n > 0 && joined[n-1].a+joined[n-1].len == k.a && joined[n-1].b+joined[n-1].len == k.b {
			joined[n-1].len += k.len
			continue
		}
		joined = append(joined, k)
	}
	return joined, nil
}

// longest is SequenceMatcher.find_longest_match. It does not visit every
// element of a: a run that is longer than the best so far, of n elements, and
// begins after the element last visited contains the one n+1 further on. Of two
// equally long runs, the earlier one is visited no later than the other, so the
// first is never missed.
func (m *matcher) longest(w window) (block, error) {
	best := block{w.alo, w.blo, 0}
	better := func(k block) bool {
		return k.len > best.len || k.len == best.len && (k.a < best.a || k.a == best.a && k.b < best.b)
	}
	for i := w.alo; i < w.ahi; i += best.len + 1 {
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
			if most := (block{i - back, j - back, back + min(w.ahi-i, w.bhi-j)}); !better(most) {
				continue
			}
			k := m.run(i, j, w)
			if better(k) {
				best = k
			}
			m.work += k.len
		}
	}
	return m.extend(best, w), nil
}

// run returns the run of listed elements around the match of a[i] and b[j].
func (m *matcher) run(i, j int, w window) block {
	back := min(i-w.alo, j-w.blo)
	a, b := m.a[i-back:i], m.listed[j-back:j]
	n := back
	for n > 0 && a[n-1] == b[n-1] {
		n--
	}
	back -= n
	on := min(w.ahi-i, w.bhi-j)
	a, b = m.a[i:i+on], m.listed[j:j+on]
	n = 1
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return block{i - back, j - back, back + n}
}

// extend grows a block within its window by equal elements, popular ones
// included.
func (m *matcher) extend(k block, w window) block {
	for k.a > w.alo && k.b > w.blo && m.a[k.a-1] == m.b[k.b-1] {
		k.a--
		k.b--
		k.len++
	}
	for k.a+k.len < w.ahi && k.b+k.len < w.bhi && m.a[k.a+k.len] == m.b[k.b+k.len] {
		k.len++
	}
	return k
}

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
