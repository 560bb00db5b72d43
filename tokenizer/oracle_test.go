package tokenizer

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
)

// envOracle names a Python that has Hugging Face tokenizers.
const envOracle = "SECCODEPRM_HF_PYTHON"

// TestOracle compares with Hugging Face itself, language by language, over
// $SECCODEPRM_CORPUS and with $SECCODEPRM_TOKENIZER. The defaults are built-in
// texts and the tokenizer in testdata.
func TestOracle(t *testing.T) {
	python := oracle(t)
	file := os.Getenv(envTokenizer)
	if file == "" {
		file = smallFile
	}
	tok := parseFile(t, file)
	for _, lang := range languages {
		t.Run(lang, func(t *testing.T) {
			text := strings.ToValidUTF8(string(corpusText(t, lang)), "")
			var pieces []string
			for len(text) > 0 {
				n := min(pieceBytes, len(text))
				for n < len(text) && !utf8.RuneStart(text[n]) {
					n--
				}
				pieces = append(pieces, text[:n])
				text = text[n:]
			}
			compareOracle(t, python, file, tok, pieces)
		})
	}
	t.Run("random", func(t *testing.T) {
		var texts []string
		rng := rand.New(rand.NewPCG(21, 22))
		for range 20000 {
			texts = append(texts, strings.ToValidUTF8(string(randomText(rng)), "\uFFFD"))
		}
		compareOracle(t, python, file, tok, texts)
	})
	// How a Python string represents bytes that are not UTF-8.
	t.Run("lossy", func(t *testing.T) {
		var texts []string
		rng := rand.New(rand.NewPCG(23, 24))
		for range 5000 {
			texts = append(texts, string(AppendValid(nil, randomText(rng))))
		}
		compareOracle(t, python, file, tok, texts)
	})
}

// Hugging Face reads what Train writes, and encodes alike with it.
func TestOracleTrain(t *testing.T) {
	python := oracle(t)
	data, err := Train(t.Context(), sourceTexts(), TrainOptions{Merges: 500, Special: []string{"<|endoftext|>", "<|im_start|>"}})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "tokenizer.json")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	var texts []string
	rng := rand.New(rand.NewPCG(25, 26))
	for range 3000 {
		texts = append(texts, strings.ToValidUTF8(string(randomText(rng)), ""))
	}
	for text := range sourceTexts() {
		texts = append(texts, string(text))
	}
	compareOracle(t, python, file, parseFile(t, file), texts)
}

func oracle(t *testing.T) string {
	python := os.Getenv(envOracle)
	if python == "" {
		t.Skipf("%s is not set", envOracle)
	}
	return python
}

func compareOracle(t *testing.T, python, file string, tok *Tokenizer, texts []string) {
	t.Helper()
	var in bytes.Buffer
	lines := json.NewEncoder(&in)
	total := 0
	for _, text := range texts {
		require.NoError(t, lines.Encode(text))
		total += len(text)
	}
	cmd := exec.CommandContext(t.Context(), python, "testdata/oracle.py", "encode", file)
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	answers := json.NewDecoder(bytes.NewReader(out))
	e := tok.NewEncoder()
	for _, text := range texts {
		var want []int32
		require.NoError(t, answers.Decode(&want))
		requireIDs(t, want, e.AppendEncodeSpecial(nil, []byte(text)), text)
	}
	t.Logf("%d texts, %d bytes: equal", len(texts), total)
}

// splitMix is the random numbers of testdata/oracle.py.
type splitMix uint64

func (s *splitMix) below(n uint64) rune {
	*s += 0x9E3779B97F4A7C15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return rune((z ^ z>>31) % n)
}

// appendText is text of testdata/oracle.py.
func (s *splitMix) appendText(b []byte) []byte {
	white := [...]rune{0x20, 0x20, 0x20, 0x09, 0x0A, 0x0A, 0x0D, 0x0B, 0x0C, 0x85, 0xA0, 0x2003, 0x2028, 0x3000}
	parts := [...]string{"<|im_start|>", "<|im_end|>", "<|im_", "|>", "'s", "'LL", "'\u017f", "\r\n", "    ", "==", "12", "\u212a", "for (", "e\u0301"}
	for range s.below(25) {
		var r rune
		switch kind := s.below(12); kind {
		case 0, 1, 2, 3:
			r = 0x20 + s.below(0x5F)
		case 4:
			r = white[s.below(uint64(len(white)))]
		case 5:
			r = 0xC0 + s.below(0x470)
		case 6:
			r = 0x300 + s.below(0x70)
		case 7:
			if s.below(2) == 1 {
				r = 0x1100 + s.below(0x100)
			} else {
				r = 0xAC00 + s.below(11172)
			}
		case 8:
			r = 0x4E00 + s.below(0x5200)
		case 9:
			r = 0x1F300 + s.below(0x800)
		case 10:
			if r = s.below(0x110000 - 0x800); r >= 0xD800 {
				r += 0x800
			}
		default:
			b = append(b, parts[s.below(uint64(len(parts)))]...)
			continue
		}
		b = utf8.AppendRune(b, r)
	}
	return b
}

// A million random strings for Qwen2.5's tokenizer and some for the small one,
// against hashes that Hugging Face tokenizers 0.23.3 made through
// testdata/oracle.py.
func TestRandomGolden(t *testing.T) {
	golden := map[string][]string{} // by 100,000 strings
	require.NoError(t, json.Unmarshal(readAll(t, "testdata/random.json"), &golden))
	for name, file := range map[string]func(t *testing.T) string{
		"small": func(*testing.T) string { return smallFile },
		"qwen2_5": func(t *testing.T) string {
			return shared.Path(t, "fixtures", "tokenizers", "qwen2_5", "tokenizer.json.gz")
		},
	} {
		t.Run(name, func(t *testing.T) {
			tok := parseFile(t, file(t))
			got := make([]string, len(golden[name]))
			if testing.Short() {
				got = got[:1]
			}
			var wg sync.WaitGroup
			for seed := range got {
				wg.Go(func() { got[seed] = hashRandom(tok.NewEncoder(), splitMix(seed)) })
			}
			wg.Wait()
			require.Equal(t, golden[name][:len(got)], got)
		})
	}
}

func hashRandom(e *Encoder, r splitMix) string {
	h := sha256.New()
	var text, out []byte
	var ids []int32
	for range 100_000 {
		text = r.appendText(text[:0])
		ids = e.AppendEncodeSpecial(ids[:0], text)
		out = out[:0]
		for _, id := range ids {
			out = binary.LittleEndian.AppendUint32(out, uint32(id))
		}
		h.Write(out)
	}
	return hex.EncodeToString(h.Sum(nil))
}
