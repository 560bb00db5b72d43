package tokenizer

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"unicode/utf8"
)

// TrainOptions says what [Train] makes.
type TrainOptions struct {
	// Merges is the number of merges to learn, at least 1. Train learns fewer
	// if the texts run out of pairs that occur twice.
	Merges int
	// Special lists special tokens. Their ids follow those of the vocabulary.
	Special []string
}

// Train learns a byte-level BPE vocabulary from texts, with the normalisation
// and the pre-tokenizer of Qwen2. It returns a tokenizer.json, which [Parse]
// and Hugging Face read alike. Ids 0 to 255 are the bytes in the order of their
// spelling, as in Qwen2. The products of merges follow.
//
// Train merges the most frequent pair next, of equally frequent ones the pair
// with the lowest ids. Equal texts, in any order, give equal bytes. Time grows
// with the number of different words times the merges that touch them. It
// returns ctx.Err() or an error for options that contradict each other.
func Train(ctx context.Context, texts iter.Seq[[]byte], options TrainOptions) ([]byte, error) {
	if options.Merges < 1 || options.Merges > maxID-256-len(options.Special) {
		return nil, fmt.Errorf("tokenizer: cannot learn %d merges", options.Merges)
	}
	for i, s := range options.Special {
		if s == "" || !utf8.ValidString(s) || slices.Contains(options.Special[:i], s) {
			return nil, fmt.Errorf("tokenizer: special token %q is empty, not UTF-8, or there twice", s)
		}
	}
	counts := map[string]int64{}
	var n normalizer
	for text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		text = n.nfc(text)
		for i := 0; i < len(text); {
			end := nextPretoken(text, i)
			counts[string(text[i:end])]++
			i = end
		}
	}
	t := newTrainer(counts)
	for len(t.merges) < options.Merges {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !t.merge() {
			break
		}
	}
	for _, s := range options.Special {
		if _, ok := t.ids[s]; ok {
			return nil, fmt.Errorf("tokenizer: special token %q is in the vocabulary", s)
		}
	}
	return t.json(options.Special)
}

// trainer holds the words as symbols, and how often each pair of symbols
// occurs.
type trainer struct {
	tokens []string         // spelled in the byte alphabet, by id
	ids    map[string]int32 // by spelling
	merges []mergePair

	words  []trainWord
	pairs  map[symbolPair]*pairCount
	best   pairHeap
	raised map[symbolPair]bool // pairs that became more frequent since the last merge
}

type trainWord struct {
	symbols []int32
	count   int64
}

type symbolPair struct{ left, right int32 }

// pairCount counts the occurrences of a pair, and lists the words it has
// occurred in, some more than once.
type pairCount struct {
	count int64
	words []int32
}

func newTrainer(counts map[string]int64) *trainer {
	t := &trainer{ids: map[string]int32{}, pairs: map[symbolPair]*pairCount{}, raised: map[symbolPair]bool{}}
	var byteID [256]int32
	for r, b := range newByteAlphabet() {
		if b >= 0 {
			byteID[b] = t.token(string(rune(r)))
		}
	}
	for _, word := range slices.Sorted(maps.Keys(counts)) {
		w := trainWord{make([]int32, len(word)), counts[word]}
		for i := range len(word) {
			w.symbols[i] = byteID[word[i]]
		}
		t.words = append(t.words, w)
		for i := 1; i < len(w.symbols); i++ {
			t.add(w.symbols[i-1], w.symbols[i], len(t.words)-1, w.count)
		}
	}
	t.push()
	return t
}

// token returns the id of a spelling, a new one if it is unknown.
func (t *trainer) token(piece string) int32 {
	id, ok := t.ids[piece]
	if !ok {
		id = int32(len(t.tokens))
		t.ids[piece] = id
		t.tokens = append(t.tokens, piece)
	}
	return id
}

// add counts a pair n times more in a word, or fewer if n is negative.
func (t *trainer) add(left, right int32, word int, n int64) {
	p := symbolPair{left, right}
	c := t.pairs[p]
	if c == nil {
		c = &pairCount{}
		t.pairs[p] = c
	}
	c.count += n
	if n > 0 {
		t.raised[p] = true
		if last := len(c.words) - 1; last < 0 || c.words[last] != int32(word) {
			c.words = append(c.words, int32(word))
		}
	}
}

// push puts the pairs that were raised on the heap.
func (t *trainer) push() {
	for p := range t.raised {
		if c := t.pairs[p]; c.count > 1 {
			heap.Push(&t.best, rankedPair{c.count, p})
		}
	}
	clear(t.raised)
}

// merge learns the next merge; it returns false if no pair occurs twice.
func (t *trainer) merge() bool {
	for len(t.best) > 0 {
		top := heap.Pop(&t.best).(rankedPair)
		c := t.pairs[top.pair]
		switch {
		case c == nil || c.count < 2:
			continue
		case c.count != top.count: // it has become rarer since
			heap.Push(&t.best, rankedPair{c.count, top.pair})
			continue
		}
		delete(t.pairs, top.pair)
		left, right := t.tokens[top.pair.left], t.tokens[top.pair.right]
		t.merges = append(t.merges, mergePair{left, right})
		id := t.token(left + right)
		slices.Sort(c.words)
		for _, w := range slices.Compact(c.words) {
			t.mergeIn(int(w), top.pair, id)
		}
		delete(t.pairs, top.pair) // mergeIn has counted all its occurrences off
		t.push()
		return true
	}
	return false
}

// mergeIn replaces a pair in a word, from left to right.
func (t *trainer) mergeIn(word int, p symbolPair, id int32) {
	w := &t.words[word]
	out, in := 0, w.symbols
	for i := 0; i < len(in); i++ {
		if i+1 == len(in) || in[i] != p.left || in[i+1] != p.right {
			in[out] = in[i]
			out++
			continue
		}
		if out > 0 {
			t.add(in[out-1], p.left, word, -w.count)
			t.add(in[out-1], id, word, w.count)
		}
		if i+2 < len(in) {
			t.add(p.right, in[i+2], word, -w.count)
			t.add(id, in[i+2], word, w.count)
		}
		in[out] = id
		out++
		i++
	}
	w.symbols = in[:out]
}

// rankedPair is a pair with its count at the time it was pushed.
type rankedPair struct {
	count int64
	pair  symbolPair
}

// pairHeap has the pair to merge next on top.
type pairHeap []rankedPair

func (h pairHeap) Len() int      { return len(h) }
func (h pairHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *pairHeap) Push(x any)   { *h = append(*h, x.(rankedPair)) }
func (h pairHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.pair.left, b.pair.left), cmp.Compare(a.pair.right, b.pair.right)) < 0
}

func (h *pairHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// json writes the tokenizer.json.
func (t *trainer) json(special []string) ([]byte, error) {
	type object = map[string]any
	added := []object{}
	for i, s := range special {
		added = append(added, object{"id": len(t.tokens) + i, "content": s, "single_word": false, "lstrip": false, "rstrip": false,
			"normalized": false, "special": true})
	}
	byteLevel := object{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}
	merges := make([][2]string, len(t.merges))
	for i, m := range t.merges {
		merges[i] = [2]string{m.left, m.right}
	}
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	out.SetIndent("", " ")
	err := out.Encode(struct {
		Version       string   `json:"version"`
		Truncation    any      `json:"truncation"`
		Padding       any      `json:"padding"`
		Added         []object `json:"added_tokens"`
		Normalizer    object   `json:"normalizer"`
		PreTokenizer  object   `json:"pre_tokenizer"`
		PostProcessor object   `json:"post_processor"`
		Decoder       object   `json:"decoder"`
		Model         object   `json:"model"`
	}{
		"1.0", nil, nil, added,
		object{"type": "NFC"},
		object{"type": "Sequence", "pretokenizers": []object{
			{"type": "Split", "pattern": object{"Regex": qwen2Pattern}, "behavior": "Isolated", "invert": false},
			byteLevel,
		}},
		byteLevel,
		byteLevel,
		object{"type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": "", "end_of_word_suffix": "",
			"fuse_unk": false, "byte_fallback": false, "ignore_merges": false, "vocab": t.ids, "merges": merges},
	})
	if err != nil {
		return nil, errors.Join(errors.New("tokenizer: spelling the vocabulary"), err)
	}
	return b.Bytes(), nil
}
