package tokenizer

import (
	"errors"
	"fmt"
	"strings"

	"seccodeprm/internal/strictjson"
)

// config is what a tokenizer's files say, before the tables are built.
type config struct {
	added        []addedToken
	addedKey     func(i int) string // path of added[i], for errors
	nfc          bool
	ignoreMerges bool
	vocab        map[string]int32 // by spelling in the byte alphabet
	merges       []mergePair      // by rank
}

// addedToken is an entry of added_tokens.
type addedToken struct {
	ID         int32
	Content    string
	SingleWord bool
	LStrip     bool
	RStrip     bool
	Normalized bool
	Special    bool
}

// mergePair is an entry of merges, its sides spelled in the byte alphabet.
type mergePair struct{ left, right string }

// parseConfig reads tokenizer.json. It reads the keys that change ids, skips
// the keys that cannot (truncation, padding, post_processor), and refuses by
// name what this package does not implement.
func parseConfig(data []byte) (*config, error) {
	c := &config{addedKey: func(i int) string { return fmt.Sprintf("added_tokens[%d]", i) }}
	r := newReader(data)
	for key := range r.Object("pre_tokenizer", "decoder", "model") {
		switch key {
		case "version":
			want(r, "1.0")
		case "truncation", "padding", "post_processor":
			r.Skip()
		case "added_tokens":
			for range r.Array() {
				c.added = append(c.added, readAddedToken(r, "id"))
			}
		case "normalizer":
			c.nfc = readNormalizer(r)
		case "pre_tokenizer":
			readPreTokenizer(r)
		case "decoder":
			readDecoder(r)
		case "model":
			c.readModel(r, len(data))
		default:
			r.Unknown()
		}
	}
	return c, r.End()
}

// newReader reads data and cuts strings from one copy of it.
func newReader(data []byte) *strictjson.Reader {
	r := strictjson.New(data)
	r.ShareText = true
	return r
}

// want reads a string that must equal value.
func want(r *strictjson.Reader, value string) {
	if v := r.Text(); v != value {
		r.Failf("%s is not supported, only %q is", strictjson.Quote(v), value)
	}
}

// wantFalse reads a boolean that must be false.
func wantFalse(r *strictjson.Reader) {
	if r.Bool() {
		r.Failf("true is not supported")
	}
}

// readAddedToken reads one added token. All its keys are required, as in
// Hugging Face's reader. more is "id" unless the id is the key of the token.
func readAddedToken(r *strictjson.Reader, more ...string) addedToken {
	var t addedToken
	for key := range r.Object(append(more, "content", "single_word", "lstrip", "rstrip", "normalized", "special")...) {
		switch {
		case key == "id" && len(more) > 0:
			t.ID = readID(r)
		case key == "content":
			t.Content = r.Text()
		case key == "single_word":
			t.SingleWord = r.Bool()
		case key == "lstrip":
			t.LStrip = r.Bool()
		case key == "rstrip":
			t.RStrip = r.Bool()
		case key == "normalized":
			t.Normalized = r.Bool()
		case key == "special":
			t.Special = r.Bool()
		default:
			r.Unknown()
		}
	}
	return t
}

func readID(r *strictjson.Reader) int32 { return int32(r.Int(0, maxID)) }

// readNormalizer reads null, NFC, or a sequence of nothing but NFC, and reports
// whether it found NFC.
func readNormalizer(r *strictjson.Reader) (nfc bool) {
	if r.Null() {
		return false
	}
	for key := range r.Object("type") {
		switch key {
		case "type":
			switch kind := r.Text(); kind {
			case "NFC":
				nfc = true
			case "Sequence":
			default:
				r.Failf("%s is not supported, only NFC or null is", strictjson.Quote(kind))
			}
		case "normalizers":
			for range r.Array() {
				nfc = true
				for key := range r.Object("type") {
					if key != "type" {
						r.Unknown()
					}
					want(r, "NFC")
				}
			}
		default:
			r.Unknown()
		}
	}
	return nfc
}

// readPreTokenizer reads Sequence[Split(qwen2Pattern), ByteLevel], the only
// pre-tokenizer implemented.
func readPreTokenizer(r *strictjson.Reader) {
	for key := range r.Object("type", "pretokenizers") {
		switch key {
		case "type":
			want(r, "Sequence")
		case "pretokenizers":
			steps := 0
			for i := range r.Array() {
				if i == 0 {
					readSplit(r)
				} else {
					readByteLevel(r)
				}
				steps++
			}
			if steps != 2 {
				r.Failf("not Qwen2's: want Split, then ByteLevel")
			}
		default:
			r.Unknown()
		}
	}
}

func readSplit(r *strictjson.Reader) {
	for key := range r.Object("type", "pattern", "behavior", "invert") {
		switch key {
		case "type":
			want(r, "Split")
		case "pattern":
			for key := range r.Object("Regex") {
				if key != "Regex" {
					r.Unknown()
				}
				if v := r.Text(); v != qwen2Pattern {
					r.Failf("%s is not Qwen2's regular expression", strictjson.Quote(v))
				}
			}
		case "behavior":
			want(r, "Isolated")
		case "invert":
			wantFalse(r)
		default:
			r.Unknown()
		}
	}
}

func readByteLevel(r *strictjson.Reader) {
	for key := range r.Object("type", "add_prefix_space", "use_regex") {
		switch key {
		case "type":
			want(r, "ByteLevel")
		case "add_prefix_space", "use_regex":
			wantFalse(r)
		case "trim_offsets": // changes offsets, never ids
			r.Bool()
		default:
			r.Unknown()
		}
	}
}

// readDecoder reads a ByteLevel decoder, whose flags have no effect on
// decoding.
func readDecoder(r *strictjson.Reader) {
	for key := range r.Object("type") {
		if key == "type" {
			want(r, "ByteLevel")
		}
	}
}

// readModel reads a BPE model over bytes from a file of size bytes.
func (c *config) readModel(r *strictjson.Reader, size int) {
	for key := range r.Object("vocab", "merges") {
		switch key {
		case "type":
			want(r, "BPE")
		case "dropout":
			if !r.Null() {
				if v := r.Number(); v != "0" && v != "0.0" {
					r.Failf("dropout makes encoding random and is not supported")
				}
			}
		case "continuing_subword_prefix", "end_of_word_suffix":
			if !r.Null() {
				want(r, "")
			}
		case "unk_token": // never needed: every byte has a token
			if !r.Null() {
				r.Text()
			}
		case "fuse_unk": // nor is this
			r.Bool()
		case "byte_fallback":
			wantFalse(r)
		case "ignore_merges":
			c.ignoreMerges = r.Bool()
		case "vocab":
			c.vocab = readVocab(r, size)
		case "merges":
			c.merges = readMerges(r, size)
		default:
			r.Unknown()
		}
	}
}

// readVocab reads the object of tokens and ids.
func readVocab(r *strictjson.Reader, size int) map[string]int32 {
	vocab := make(map[string]int32, min(size/32, 1<<18))
	for token := range r.Members() {
		before := len(vocab)
		vocab[token] = readID(r)
		if len(vocab) == before {
			r.Twice()
		}
	}
	return vocab
}

// readMerges reads the list of merges, all pairs or all strings.
func readMerges(r *strictjson.Reader, size int) []mergePair {
	merges := make([]mergePair, 0, min(size/32, 1<<18))
	var first byte
	for i := range r.Array() {
		kind := r.Peek()
		if i == 0 {
			first = kind
		}
		switch {
		case kind != first:
			r.Failf("a mixture of merges spelled as pairs and as strings")
		case kind == '"':
			if line := r.Text(); !isVersionLine(line) {
				m, err := splitMerge(line)
				r.Fail(err)
				merges = append(merges, m)
			}
		default:
			merges = append(merges, readMerge(r))
		}
	}
	return merges
}

// readMerge reads a merge spelled as a pair.
func readMerge(r *strictjson.Reader) (m mergePair) {
	n := 0
	for i := range r.Array() {
		switch i {
		case 0:
			m.left = r.Text()
		case 1:
			m.right = r.Text()
		default:
			r.Fail(errNotPair)
		}
		n++
	}
	if n != 2 {
		r.Fail(errNotPair)
	}
	return m
}

var errNotPair = errors.New("a merge joins exactly two tokens")

// isVersionLine reports whether a merge spelled as a string is the "#version"
// line of a merges.txt, which has no rank.
func isVersionLine(line string) bool { return strings.HasPrefix(line, "#version") }

// splitMerge splits "left right".
func splitMerge(line string) (mergePair, error) {
	left, right, ok := strings.Cut(line, " ")
	if !ok || strings.Contains(right, " ") {
		return mergePair{}, fmt.Errorf("%s: %w", strictjson.Quote(line), errNotPair)
	}
	return mergePair{left, right}, nil
}
