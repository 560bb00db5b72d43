package prm

import (
	"container/list"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"sort"

	"seccodeprm/internal/qwen2"
)

// prefixes is a cache of pages of keys and values, found by the ids up to the end
// of the page. The least recently used page is dropped first.
type prefixes struct {
	limit     int64 // bytes; 0 keeps nothing
	pageBytes int64
	pages     map[pageKey]*list.Element // of *keptPage
	used      *list.List                // most recently used first
}

// pageKey is a digest of all ids up to the end of a page.
type pageKey [sha256.Size]byte

// keptPage is a page with the logits that were read in it.
type keptPage struct {
	key    pageKey
	page   qwen2.Page
	rows   []int
	logits [][]float32
}

func newPrefixes(limit, pageBytes int64) prefixes {
	return prefixes{limit: limit, pageBytes: pageBytes, pages: map[pageKey]*list.Element{}, used: list.New()}
}

// nextKey returns the key of the page with ids that follows the page of key
// before.
func nextKey(before pageKey, ids []int32) pageKey {
	var data [sha256.Size + 4*qwen2.PageLen]byte
	copy(data[:], before[:])
	for i, id := range ids {
		binary.LittleEndian.PutUint32(data[sha256.Size+4*i:], uint32(id))
	}
	return sha256.Sum256(data[:])
}

// makeKeys computes the missing keys of the sequence's full pages.
func (s *sequence) makeKeys() {
	for n := len(s.keys); n < len(s.ids)/qwen2.PageLen; n++ {
		s.keys = append(s.keys, nextKey(s.lastKey(), s.ids[n*qwen2.PageLen:][:qwen2.PageLen]))
	}
}

func (s *sequence) lastKey() pageKey {
	if n := len(s.keys); n > 0 {
		return s.keys[n-1]
	}
	return pageKey{}
}

// adopt appends the kept pages that continue the ids wanted to the sequence of w.
func (p *prefixes) adopt(w *want) {
	s := w.seq
	if p.limit == 0 || s.private {
		return
	}
	s.makeKeys()
	for {
		from := len(s.keys) * qwen2.PageLen
		if from+qwen2.PageLen > len(w.ids) {
			return
		}
		key := nextKey(s.lastKey(), w.ids[from:][:qwen2.PageLen])
		e, ok := p.pages[key]
		if !ok || !e.Value.(*keptPage).has(w.rows, from) {
			return
		}
		s.truncate(from)
		k := e.Value.(*keptPage)
		if err := s.cache.Adopt(k.page); err != nil {
			if errors.Is(err, qwen2.ErrDevice) {
				p.clear() // the page is lost, and others with it
			}
			return // otherwise the cache is too short, which Reserve will report
		}
		s.ids = append(s.ids, w.ids[from:][:qwen2.PageLen]...)
		s.rows, s.logits, s.keys = append(s.rows, k.rows...), append(s.logits, k.logits...), append(s.keys, key)
	}
}

// has reports whether the page, which begins at from, has logits for all of rows
// that lie in it.
func (k *keptPage) has(rows []int, from int) bool {
	for _, row := range rows[sort.SearchInts(rows, from):] {
		if row >= from+qwen2.PageLen {
			break
		}
		if i := sort.SearchInts(k.rows, row); i == len(k.rows) || k.rows[i] != row {
			return false
		}
	}
	return true
}

// add keeps the full pages of a sequence. The first page, which all others need,
// becomes the most recently used.
func (p *prefixes) add(s *sequence) {
	s.makeKeys()
	most := int(p.limit / p.pageBytes)
	for i := min(len(s.keys), most) - 1; i >= 0; i-- {
		key := s.keys[i]
		from, to := sort.SearchInts(s.rows, i*qwen2.PageLen), sort.SearchInts(s.rows, (i+1)*qwen2.PageLen)
		if e, ok := p.pages[key]; ok {
			if e.Value.(*keptPage).has(s.rows[from:to], i*qwen2.PageLen) {
				p.used.MoveToFront(e)
				continue
			}
			p.drop(e)
		}
		page := s.cache.Page(i)
		if page == nil {
			continue // lost with its device
		}
		if p.used.Len() == most {
			p.evict()
		}
		p.pages[key] = p.used.PushFront(&keptPage{
			key: key, page: page,
			rows: slices.Clone(s.rows[from:to]), logits: slices.Clone(s.logits[from:to]),
		})
	}
}

// evict drops the least recently used page. It reports whether there was one.
func (p *prefixes) evict() bool {
	e := p.used.Back()
	if e == nil {
		return false
	}
	p.drop(e)
	return true
}

// clear drops all pages.
func (p *prefixes) clear() {
	for p.evict() {
	}
}

func (p *prefixes) drop(e *list.Element) {
	k := p.used.Remove(e).(*keptPage)
	delete(p.pages, k.key)
	k.page.Release()
}
