package tokenizer

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"seccodeprm/internal/mapped"
)

// ErrFormat is wrapped by every error about the content of a tokenizer's files:
// broken JSON, a key that is missing or out of range, an entry that contradicts
// another, or a component other than Qwen2's. The text names the key at fault,
// such as model.merges[40] or pre_tokenizer.type.
var ErrFormat = errors.New("tokenizer: bad tokenizer file")

// maxFile bounds the files read, in bytes. Qwen3's tokenizer.json has 11 MB.
const maxFile = 256 << 20

// Tokenizer is a loaded vocabulary. It is immutable and may be shared.
type Tokenizer struct {
	byteID    [256]int32 // the token of each byte
	merges    mergeTable
	words     wordTable // pretokens that are one token
	split     *splitter
	pieces    pieceTable
	normalize bool // to NFC

	raw, normalized *matcher // of added tokens, before and after NFC
	special         map[string]int32
	added           []addedToken
}

// Load reads a tokenizer.json of fsys. It returns the errors of the file
// system, wrapped, or ErrFormat.
func Load(fsys fs.FS, name string) (*Tokenizer, error) {
	data, err := mapped.ReadFile(fsys, name, maxFile)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	t, err := parse(data)
	return t, formatError(name, err)
}

// Parse is Load for a tokenizer.json in memory. It does not keep data.
func Parse(data []byte) (*Tokenizer, error) {
	t, err := parse(data)
	return t, formatError("", err)
}

func parse(data []byte) (*Tokenizer, error) {
	c, err := parseConfig(data)
	if err != nil {
		return nil, err
	}
	return c.build()
}

// formatError wraps err, if any, in ErrFormat and the file's name.
func formatError(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case name == "":
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return fmt.Errorf("%w: %s: %w", ErrFormat, name, err)
}

// LoadVocabMerges reads the older pair of files, vocab.json and merges.txt,
// with Qwen2's pre-tokenizer and NFC. These files hold no added tokens:
// LoadVocabMerges takes them from added_tokens_decoder of the
// tokenizer_config.json in the folder of vocab, if there is one. It returns the
// errors of Load.
func LoadVocabMerges(fsys fs.FS, vocab, merges string) (*Tokenizer, error) {
	c := &config{nfc: true}
	err := readPart(fsys, vocab, func(data []byte) error {
		r := newReader(data)
		c.vocab = readVocab(r, len(data))
		return r.End()
	})
	if err != nil {
		return nil, err
	}
	if err := readPart(fsys, merges, c.mergesTxt); err != nil {
		return nil, err
	}
	config := path.Join(path.Dir(vocab), "tokenizer_config.json")
	if err := readPart(fsys, config, c.addedTokensDecoder); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	t, err := c.build()
	return t, formatError(vocab+" and "+merges, err)
}

// readPart passes the bytes of a file to read.
func readPart(fsys fs.FS, name string, read func(data []byte) error) error {
	data, err := mapped.ReadFile(fsys, name, maxFile)
	if err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	return formatError(name, read(data))
}

// mergesTxt reads a merges.txt: one merge per line, after an optional #version.
func (c *config) mergesTxt(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("not valid UTF-8")
	}
	text := strings.TrimSuffix(string(data), "\n")
	if text == "" {
		return nil
	}
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		line = strings.TrimSuffix(line, "\r")
		if isVersionLine(line) {
			continue
		}
		m, err := splitMerge(line)
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		c.merges = append(c.merges, m)
	}
	return nil
}

// addedTokensDecoder reads the added tokens of a tokenizer_config.json, keyed
// by id, and skips the rest.
func (c *config) addedTokensDecoder(data []byte) error {
	c.addedKey = func(i int) string { return fmt.Sprintf("added_tokens_decoder.%d", c.added[i].ID) }
	r := newReader(data)
	for key := range r.Object() {
		if key != "added_tokens_decoder" {
			continue
		}
		for key := range r.Object() {
			id, err := strconv.ParseUint(key, 10, 32)
			if err != nil || id > maxID {
				r.Failf("the key is not a token id (a whole number from 0 to %d)", maxID)
			}
			t := readAddedToken(r)
			t.ID = int32(id)
			c.added = append(c.added, t)
		}
	}
	return r.End()
}

// Special returns the id of the added token spelled piece, such as
// "<|endoftext|>", whether or not it is flagged special.
func (t *Tokenizer) Special(piece string) (id int32, ok bool) {
	id, ok = t.special[piece]
	return id, ok
}

// VocabSize returns 1 + the largest id, added tokens included. A model's
// embedding may have more rows. One with fewer does not belong to t.
func (t *Tokenizer) VocabSize() int { return len(t.pieces.flags) }
