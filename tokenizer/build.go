package tokenizer

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"seccodeprm/internal/strictjson"
)

// maxID is the largest token id accepted. Tables are indexed by id, so a stray
// huge id would cost its size in memory. Published vocabularies stay below
// 2^19.
const maxID = 1<<21 - 1

// at prefixes an error about a value with the path of its key.
func at(path string, err error) error { return fmt.Errorf("%s: %w", path, err) }

// build checks c as a whole and builds the tables.
func (c *config) build() (*Tokenizer, error) {
	t := &Tokenizer{normalize: c.nfc, split: newSplitter()}
	size, err := c.size()
	if err != nil {
		return nil, err
	}
	if err := t.pieces.build(c, size); err != nil {
		return nil, err
	}
	if err := t.bytesFrom(c.vocab); err != nil {
		return nil, err
	}
	if err := t.mergesFrom(c); err != nil {
		return nil, err
	}
	if !c.ignoreMerges {
		t.checkWords()
	}
	t.wordsFromPieces()
	t.addedFrom(c.added)
	return t, nil
}

// size returns 1 + the largest id.
func (c *config) size() (int, error) {
	if len(c.vocab) == 0 {
		return 0, at("model.vocab", errors.New("the vocabulary is empty"))
	}
	largest := int32(0)
	for _, id := range c.vocab {
		largest = max(largest, id)
	}
	for _, a := range c.added {
		largest = max(largest, a.ID)
	}
	return int(largest) + 1, nil
}

// checkAdded checks the added tokens against the vocabulary and each other. A
// token that is also in the vocabulary must keep its id there. owner gives the
// spelling of every id of the vocabulary.
func (c *config) checkAdded(owner []string, known []uint8) error {
	content := map[string]bool{}
	for i, a := range c.added {
		fail := func(key, format string, args ...any) error {
			return at(c.addedKey(i)+key, fmt.Errorf(format, args...))
		}
		if a.Content == "" {
			return fail(".content", "an added token cannot be empty")
		}
		if content[a.Content] {
			return fail(".content", "%s is added twice", strictjson.Quote(a.Content))
		}
		content[a.Content] = true
		if id, ok := c.vocab[a.Content]; ok && id != a.ID {
			return fail(".id", "%d, but %s has the id %d in the vocabulary", a.ID, strictjson.Quote(a.Content), id)
		}
		if known[a.ID] != 0 && owner[a.ID] != a.Content {
			return fail(".id", "%d is the id of %s", a.ID, strictjson.Quote(owner[a.ID]))
		}
		owner[a.ID] = a.Content
		known[a.ID] |= idKnown
	}
	return nil
}

// bytesFrom finds the token of each single byte. A vocabulary without one of
// them could not encode every text.
func (t *Tokenizer) bytesFrom(vocab map[string]int32) error {
	alphabet := newByteAlphabet()
	for r, b := range alphabet {
		if b < 0 {
			continue
		}
		id, ok := vocab[string(rune(r))]
		if !ok {
			return at("model.vocab", fmt.Errorf("byte 0x%02X, spelled %q, has no token", b, rune(r)))
		}
		t.byteID[b] = id
	}
	return nil
}

// mergesFrom fills the merge table.
func (t *Tokenizer) mergesFrom(c *config) error {
	n := len(c.merges)
	left, right, product := make([]int32, n), make([]int32, n), make([]int32, n)
	var joined []byte
	for rank, m := range c.merges {
		var okLeft, okRight, ok bool
		left[rank], okLeft = c.vocab[m.left]
		right[rank], okRight = c.vocab[m.right]
		joined = append(append(joined[:0], m.left...), m.right...)
		product[rank], ok = c.vocab[string(joined)]
		missing := ""
		switch {
		case !okLeft:
			missing = m.left
		case !okRight:
			missing = m.right
		case !ok:
			missing = string(joined)
		default:
			continue
		}
		return at(fmt.Sprintf("model.merges[%d]", rank), fmt.Errorf("%s is not in the vocabulary", strictjson.Quote(missing)))
	}
	var err error
	if t.merges, err = newMergeTable(left, right, product, &t.byteID); err != nil {
		return at("model.merges", err)
	}
	return nil
}

// checkWords clears idWord of the tokens that their own bytes do not merge to.
func (t *Tokenizer) checkWords() {
	var wg sync.WaitGroup
	n := len(t.pieces.flags)
	part := n/runtime.GOMAXPROCS(0) + 1
	for start := 0; start < n; start += part {
		wg.Go(func() {
			m := merger{t: t}
			var ids []int32
			for id := start; id < min(start+part, n); id++ {
				word, flags := t.pieces.piece(int32(id))
				if flags&idWord == 0 {
					continue
				}
				ids = m.appendMerged(ids[:0], word)
				if len(ids) != 1 || ids[0] != int32(id) {
					t.pieces.flags[id] &^= idWord
				}
			}
		})
	}
	wg.Wait()
}

// wordsFromPieces fills the table of whole words. It fills one part of the
// table after another: in the order of ids, nearly every word would miss the
// caches.
func (t *Tokenizer) wordsFromPieces() {
	const parts = 256
	n := 0
	for _, flags := range t.pieces.flags {
		n += int(flags & idWord / idWord)
	}
	t.words = newWordTable(n)
	part := make([]uint8, len(t.pieces.flags))
	var at [parts + 1]int
	for id := range t.pieces.flags {
		if word, flags := t.pieces.piece(int32(id)); flags&idWord != 0 {
			part[id] = uint8(keyOf(word).hash(t.words.seed) >> 56)
			at[int(part[id])+1]++
		}
	}
	for k := range parts {
		at[k+1] += at[k]
	}
	order := make([]int32, n)
	for id, flags := range t.pieces.flags {
		if flags&idWord != 0 {
			order[at[part[id]]] = int32(id)
			at[part[id]]++
		}
	}
	for _, id := range order {
		word, _ := t.pieces.piece(id)
		t.words.put(word, id)
	}
}

// addedFrom builds the matchers. Tokens with Normalized are matched, in their
// normal form, in normalised text; all others in the raw text. Where that makes
// two equal, a special one wins, then the earlier one.
func (t *Tokenizer) addedFrom(added []addedToken) {
	t.added = slices.Clone(added)
	slices.SortStableFunc(t.added, func(a, b addedToken) int {
		switch {
		case a.Special == b.Special:
			return 0
		case a.Special:
			return -1
		}
		return 1
	})
	t.special = map[string]int32{}
	var raw, normalized []pattern
	for i := range t.added {
		a := &t.added[i]
		a.Content = strings.Clone(a.Content)
		t.special[a.Content] = a.ID
		if a.Normalized {
			normalized = append(normalized, pattern{a.pattern(t.normalize), *a})
		} else {
			raw = append(raw, pattern{a.pattern(t.normalize), *a})
		}
	}
	t.raw, t.normalized = newMatcher(raw), newMatcher(normalized)
}

// pattern returns the text that a is matched and decoded as.
func (a *addedToken) pattern(nfc bool) []byte {
	if nfc && a.Normalized {
		return new(normalizer).nfc([]byte(a.Content))
	}
	return []byte(a.Content)
}

// Flags of an id.
const (
	idKnown   = 1 << iota // the id has a piece
	idSpecial             // left out by AppendDecodeSkip
	idWord                // a pretoken of the same bytes is this token
)

// pieceTable holds the bytes that each id decodes to.
type pieceTable struct {
	text  []byte   // followed by piecePad more bytes
	start []uint32 // piece i is text[start[i]:start[i+1]]
	flags []uint8
}

// piecePad is how many bytes may be read from the start of any piece.
const piecePad = 16

func (p *pieceTable) build(c *config, size int) error {
	owner := make([]string, size)
	p.flags = make([]uint8, size)
	total := 0
	for piece, id := range c.vocab {
		if p.flags[id] != 0 {
			first, second := owner[id], piece
			if second < first {
				first, second = second, first
			}
			return at("model.vocab", fmt.Errorf("%s and %s have the same id %d", strictjson.Quote(first), strictjson.Quote(second), id))
		}
		owner[id], p.flags[id] = piece, idKnown|idWord
		total += len(piece)
	}
	if err := c.checkAdded(owner, p.flags); err != nil {
		return err
	}
	for _, a := range c.added {
		owner[a.ID] = string(a.pattern(c.nfc))
	}
	alphabet := newByteAlphabet()
	p.text = make([]byte, 0, total+piecePad)
	p.start = make([]uint32, size+1)
	for id, piece := range owner {
		var ok bool
		if p.text, ok = alphabet.appendBytes(p.text, piece); !ok || piece == "" {
			p.flags[id] &^= idWord
		}
		p.start[id+1] = uint32(len(p.text))
	}
	p.text = append(p.text, make([]byte, piecePad)...)
	// Hugging Face skips a token whose text is the content of a special one.
	// That differs from the flag only where normalisation changes the content.
	special := map[string]bool{}
	for _, a := range c.added {
		if a.Special {
			special[a.Content] = true
		}
	}
	for _, a := range c.added {
		if special[owner[a.ID]] {
			p.flags[a.ID] |= idSpecial
		}
	}
	return nil
}

// piece returns the bytes of id and its flags. Flags are 0 for an unknown id.
func (p *pieceTable) piece(id int32) ([]byte, uint8) {
	if id < 0 || int(id) >= len(p.flags) {
		return nil, 0
	}
	return p.text[p.start[id]:p.start[id+1]], p.flags[id]
}

// appendPiece appends the bytes of id, or nothing for an unknown id.
func (p *pieceTable) appendPiece(dst []byte, id int32) []byte {
	if uint(id) >= uint(len(p.start)-1) {
		return dst
	}
	start, end := p.start[id], p.start[id+1]
	n := len(dst)
	if end-start <= piecePad && n+piecePad <= cap(dst) {
		// A copy of known length takes two moves.
		*(*[piecePad]byte)(dst[n : n+piecePad]) = [piecePad]byte(p.text[start:])
		return dst[:n+int(end-start)]
	}
	return append(dst, p.text[start:end]...)
}
