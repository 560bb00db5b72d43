package tokenizer

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"seccodeprm/internal/mapped"
)

// compactMagic begins a compact file and names the version of its layout. The
// SHA-256 of all that follows it comes next, then the fields in the order of
// AppendCompact, little-endian. Any change to the layout or to the meaning of a
// field needs a new version.
const compactMagic = "scptok01"

const compactHead = len(compactMagic) + sha256.Size

// AppendCompact appends the compact form of t, from which [ParseCompact] makes
// the same tokenizer in a fraction of the time that tokenizer.json takes. Equal
// tokenizers have equal bytes. The compact form is a cache: make it again from
// tokenizer.json when its version is refused.
func (t *Tokenizer) AppendCompact(dst []byte) []byte {
	head := len(dst)
	dst = append(dst, compactMagic...)
	dst = append(dst, make([]byte, sha256.Size)...)
	put := func(v ...int32) {
		for _, x := range v {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(x))
		}
	}
	text := t.pieces.text[:len(t.pieces.text)-piecePad]
	left, right, product := t.merges.list()
	put(flag(t.normalize), int32(len(t.pieces.flags)), int32(len(text)), int32(len(product)), int32(len(t.added)))
	dst = append(append(dst, t.pieces.flags...), text...)
	for id := range t.pieces.flags {
		put(int32(t.pieces.start[id+1] - t.pieces.start[id]))
	}
	put(t.byteID[:]...)
	put(left...)
	put(right...)
	put(product...)
	for _, a := range t.added {
		put(a.ID, flag(a.SingleWord)|flag(a.LStrip)<<1|flag(a.RStrip)<<2|flag(a.Normalized)<<3|flag(a.Special)<<4, int32(len(a.Content)))
		dst = append(dst, a.Content...)
	}
	sum := sha256.Sum256(dst[head+compactHead:])
	copy(dst[head+len(compactMagic):], sum[:])
	return dst
}

func flag(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// LoadCompact reads a file that holds the output of AppendCompact. It returns
// the errors of the file system, wrapped, or ErrFormat.
func LoadCompact(fsys fs.FS, name string) (*Tokenizer, error) {
	data, err := mapped.ReadFile(fsys, name, maxFile)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	t, err := parseCompact(data)
	return t, formatError(name, err)
}

// ParseCompact is LoadCompact for data in memory, which it does not keep. It
// refuses data of another version, data that was truncated or changed, and data
// whose parts do not match.
func ParseCompact(data []byte) (*Tokenizer, error) {
	t, err := parseCompact(data)
	return t, formatError("", err)
}

func parseCompact(data []byte) (*Tokenizer, error) {
	if len(data) < compactHead || string(data[:len(compactMagic)]) != compactMagic {
		return nil, fmt.Errorf("not a compact tokenizer of version %q", compactMagic)
	}
	sum := sha256.Sum256(data[compactHead:])
	if !bytes.Equal(sum[:], data[len(compactMagic):compactHead]) {
		return nil, errors.New("the checksum differs: the file is damaged")
	}
	r := &compactReader{data: data[compactHead:]}
	t := &Tokenizer{split: newSplitter(), normalize: r.int(1) == 1}
	size, text, merges, added := r.int(maxID+1), r.int(maxFile), r.int(maxMerges), r.int(maxID+1)
	r.size = size

	t.pieces.flags = bytes.Clone(r.take(size))
	t.pieces.text = append(bytes.Clone(r.take(text)), make([]byte, piecePad)...)
	t.pieces.start = make([]uint32, len(t.pieces.flags)+1)
	end := uint32(0)
	for id := range t.pieces.flags {
		end += uint32(r.int(text - int(end)))
		t.pieces.start[id+1] = end
		if end == t.pieces.start[id] {
			t.pieces.flags[id] &^= idWord // there is no empty word
		}
	}
	copy(t.byteID[:], r.ids(len(t.byteID)))
	left, right, product := r.ids(merges), r.ids(merges), r.ids(merges)
	var tokens []addedToken
	for range added {
		a := addedToken{ID: r.id()}
		flags := r.int(1<<5 - 1)
		a.SingleWord, a.LStrip, a.RStrip, a.Normalized, a.Special = flags&1 != 0, flags&2 != 0, flags&4 != 0, flags&8 != 0, flags&16 != 0
		a.Content = string(r.take(r.int(maxFile)))
		if a.Content == "" {
			r.failed = true
		}
		if r.failed {
			break
		}
		tokens = append(tokens, a)
	}
	if r.failed || len(r.data) > 0 {
		return nil, errors.New("the parts of the compact form do not belong together")
	}
	// The two large tables are independent.
	var wg sync.WaitGroup
	wg.Go(t.wordsFromPieces)
	var err error
	t.merges, err = newMergeTable(left, right, product, &t.byteID)
	wg.Wait()
	t.addedFrom(tokens)
	return t, err
}

// compactReader reads fields from data. A field that is missing or out of range
// sets failed, and all later fields are zero.
type compactReader struct {
	data   []byte
	size   int // of the vocabulary
	failed bool
}

func (r *compactReader) take(n int) []byte {
	if r.failed || n > len(r.data) {
		r.failed = true
		return nil
	}
	v := r.data[:n]
	r.data = r.data[n:]
	return v
}

// int reads a number up to most.
func (r *compactReader) int(most int) int {
	b := r.take(4)
	if b == nil {
		return 0
	}
	v := binary.LittleEndian.Uint32(b)
	if int64(v) > int64(most) {
		r.failed = true
		return 0
	}
	return int(v)
}

func (r *compactReader) id() int32 { return int32(r.int(r.size - 1)) }

// ids reads n ids of the vocabulary.
func (r *compactReader) ids(n int) []int32 {
	b := r.take(4 * n)
	v := make([]int32, len(b)/4)
	for i := range v {
		id := binary.LittleEndian.Uint32(b[4*i:])
		if int64(id) >= int64(r.size) {
			r.failed = true
			return nil
		}
		v[i] = int32(id)
	}
	return v
}
