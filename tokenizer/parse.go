package tokenizer

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
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

// parseConfig reads tokenizer.json. Keys that change ids are read, keys that
// cannot (truncation, padding, post_processor) are read past, and what this
// package does not implement is refused by name.
func parseConfig(data []byte) (*config, error) {
	s, err := newScanner(data)
	if err != nil {
		return nil, err
	}
	c := &config{addedKey: func(i int) string { return fmt.Sprintf("added_tokens[%d]", i) }}
	err = s.fields(func(key string) error {
		switch key {
		case "version":
			return s.want("1.0")
		case "truncation", "padding", "post_processor":
			return s.skip()
		case "added_tokens":
			return s.array(func(int) error {
				t, err := s.addedToken(true)
				c.added = append(c.added, t)
				return err
			})
		case "normalizer":
			return s.normalizer(c)
		case "pre_tokenizer":
			return s.preTokenizer()
		case "decoder":
			return s.decoder()
		case "model":
			return s.model(c)
		}
		return errUnknown
	}, "pre_tokenizer", "decoder", "model")
	if err != nil {
		return nil, err
	}
	return c, s.end()
}

func newScanner(data []byte) (*scanner, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("the file is not UTF-8")
	}
	return &scanner{text: string(data)}, nil
}

// want takes a string that must equal value.
func (s *scanner) want(value string) error {
	v, err := s.str()
	if err == nil && v != value {
		err = fmt.Errorf("%s is not supported, only %q is", quote(v), value)
	}
	return err
}

// wantFalse takes a boolean that must be false.
func (s *scanner) wantFalse() error {
	v, err := s.boolean()
	if err == nil && v {
		err = errors.New("true is not supported")
	}
	return err
}

// addedToken takes one added token. All its keys are required, as in Hugging
// Face's reader; withID is false where the id stands elsewhere.
func (s *scanner) addedToken(withID bool) (addedToken, error) {
	var t addedToken
	required := []string{"content", "single_word", "lstrip", "rstrip", "normalized", "special"}
	if withID {
		required = append(required, "id")
	}
	err := s.fields(func(key string) (err error) {
		switch key {
		case "id":
			if !withID {
				return errUnknown
			}
			t.ID, err = s.id()
		case "content":
			t.Content, err = s.str()
		case "single_word":
			t.SingleWord, err = s.boolean()
		case "lstrip":
			t.LStrip, err = s.boolean()
		case "rstrip":
			t.RStrip, err = s.boolean()
		case "normalized":
			t.Normalized, err = s.boolean()
		case "special":
			t.Special, err = s.boolean()
		default:
			err = errUnknown
		}
		return err
	}, required...)
	return t, err
}

// normalizer takes null, NFC, or a sequence of nothing but NFC.
func (s *scanner) normalizer(c *config) error {
	if s.null() {
		return nil
	}
	return s.fields(func(key string) error {
		switch key {
		case "type":
			kind, err := s.str()
			switch {
			case err != nil:
				return err
			case kind == "NFC":
				c.nfc = true
			case kind != "Sequence":
				return fmt.Errorf("%s is not supported, only NFC or null is", quote(kind))
			}
			return nil
		case "normalizers":
			return s.array(func(int) error {
				c.nfc = true
				return s.fields(func(key string) error {
					if key != "type" {
						return errUnknown
					}
					return s.want("NFC")
				}, "type")
			})
		}
		return errUnknown
	}, "type")
}

// preTokenizer takes Sequence[Split(qwen2Pattern), ByteLevel], the one
// pre-tokeniser implemented.
func (s *scanner) preTokenizer() error {
	return s.fields(func(key string) error {
		switch key {
		case "type":
			return s.want("Sequence")
		case "pretokenizers":
			steps := 0
			err := s.array(func(i int) error {
				steps++
				if i == 0 {
					return s.splitStep()
				}
				return s.byteLevelStep()
			})
			if err == nil && steps != 2 {
				err = errors.New("not Qwen2's: want Split, then ByteLevel")
			}
			return err
		}
		return errUnknown
	}, "type", "pretokenizers")
}

func (s *scanner) splitStep() error {
	return s.fields(func(key string) error {
		switch key {
		case "type":
			return s.want("Split")
		case "pattern":
			return s.fields(func(key string) error {
				if key != "Regex" {
					return errUnknown
				}
				v, err := s.str()
				if err == nil && v != qwen2Pattern {
					err = fmt.Errorf("%s is not Qwen2's regular expression", quote(v))
				}
				return err
			}, "Regex")
		case "behavior":
			return s.want("Isolated")
		case "invert":
			return s.wantFalse()
		}
		return errUnknown
	}, "type", "pattern", "behavior", "invert")
}

func (s *scanner) byteLevelStep() error {
	return s.fields(func(key string) error {
		switch key {
		case "type":
			return s.want("ByteLevel")
		case "add_prefix_space", "use_regex":
			return s.wantFalse()
		case "trim_offsets": // moves offsets, never ids
			_, err := s.boolean()
			return err
		}
		return errUnknown
	}, "type", "add_prefix_space", "use_regex")
}

// decoder takes a ByteLevel decoder, whose flags have no effect on decoding.
func (s *scanner) decoder() error {
	return s.fields(func(key string) error {
		if key == "type" {
			return s.want("ByteLevel")
		}
		return s.skip()
	}, "type")
}

// model takes a BPE model over bytes.
func (s *scanner) model(c *config) error {
	return s.fields(func(key string) (err error) {
		switch key {
		case "type":
			return s.want("BPE")
		case "dropout":
			if v, err := s.word(); err != nil || v != "null" && v != "0" && v != "0.0" {
				return errors.New("dropout makes encoding random and is not supported")
			}
		case "continuing_subword_prefix", "end_of_word_suffix":
			if !s.null() {
				return s.want("")
			}
		case "unk_token": // never needed: every byte has a token
			if !s.null() {
				_, err = s.str()
			}
		case "fuse_unk": // likewise
			_, err = s.boolean()
		case "byte_fallback":
			return s.wantFalse()
		case "ignore_merges":
			c.ignoreMerges, err = s.boolean()
		case "vocab":
			c.vocab, err = s.vocab()
		case "merges":
			c.merges, err = s.merges()
		default:
			err = errUnknown
		}
		return err
	}, "vocab", "merges")
}

// vocab takes the object of tokens and ids.
func (s *scanner) vocab() (map[string]int32, error) {
	vocab := make(map[string]int32, min(len(s.text)/32, 1<<18))
	err := s.object(func(key string) error {
		id, err := s.id()
		if err == nil {
			if _, twice := vocab[key]; twice {
				err = errors.New("the token occurs twice")
			}
			vocab[key] = id
		}
		if err != nil {
			return at("["+quote(key)+"]", err)
		}
		return nil
	})
	return vocab, err
}

// merges takes the list of merges, all pairs or all strings.
func (s *scanner) merges() ([]mergePair, error) {
	merges := make([]mergePair, 0, min(len(s.text)/32, 1<<18))
	var first byte
	err := s.array(func(i int) error {
		c := s.peek()
		if i == 0 {
			first = c
		}
		if c != first {
			return s.errorf("a mixture of merges spelled as pairs and as strings")
		}
		if c == '"' {
			line, err := s.str()
			if err != nil || isVersionLine(line) {
				return err
			}
			m, err := splitMerge(line)
			merges = append(merges, m)
			return err
		}
		var part [2]string
		n := 0
		err := s.array(func(int) (err error) {
			if n == 2 {
				return errNotPair
			}
			part[n], err = s.str()
			n++
			return err
		})
		if err == nil && n != 2 {
			err = errNotPair
		}
		merges = append(merges, mergePair{part[0], part[1]})
		return err
	})
	return merges, err
}

var errNotPair = errors.New("a merge joins exactly two tokens")

// isVersionLine reports whether a merge spelled as a string is the "#version"
// line of a merges.txt, which has no rank.
func isVersionLine(line string) bool { return strings.HasPrefix(line, "#version") }

// splitMerge parts "left right".
func splitMerge(line string) (mergePair, error) {
	left, right, ok := strings.Cut(line, " ")
	if !ok || strings.Contains(right, " ") {
		return mergePair{}, fmt.Errorf("%s: %w", quote(line), errNotPair)
	}
	return mergePair{left, right}, nil
}
