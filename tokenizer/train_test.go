package tokenizer

import (
	"bytes"
	"context"
	"iter"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func sourceTexts() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, lang := range languages {
			if !yield([]byte(sources[lang])) {
				return
			}
		}
	}
}

// The same texts give the same file in any order, which encodes them in fewer
// tokens than bytes and back.
func TestTrain(t *testing.T) {
	options := TrainOptions{Merges: 300, Special: []string{"<|endoftext|>", "\"<é>\""}}
	file, err := Train(t.Context(), sourceTexts(), options)
	require.NoError(t, err)
	reversed := slices.Collect(sourceTexts())
	slices.Reverse(reversed)
	again, err := Train(t.Context(), slices.Values(reversed), options)
	require.NoError(t, err)
	require.Equal(t, string(file), string(again))

	tok, err := Parse(file)
	require.NoError(t, err)
	id, ok := tok.Special("\"<é>\"")
	require.True(t, ok)
	require.Equal(t, tok.VocabSize()-1, int(id))
	e := tok.NewEncoder()
	for text := range sourceTexts() {
		ids := e.AppendEncode(nil, text)
		require.Less(t, 3*len(ids), 2*len(text))
		require.Equal(t, string(text), string(tok.AppendDecode(nil, ids)))
	}
}

// The first merges, counted by hand, and the end of pairs that occur twice.
func TestTrainMerges(t *testing.T) {
	train := func(merges int, texts ...string) []mergePair {
		file, err := Train(t.Context(), func(yield func([]byte) bool) {
			for _, text := range texts {
				if !yield([]byte(text)) {
					return
				}
			}
		}, TrainOptions{Merges: merges})
		require.NoError(t, err)
		c, err := parseConfig(file)
		require.NoError(t, err)
		return c.merges
	}
	// ab 4, bc 3; then abc 3; then three of 2, ";d" before "dd" and "Ġabc";
	// then "Ġabc" before ";dd", whose left side has the larger id.
	require.Equal(t, []mergePair{{"a", "b"}, {"ab", "c"}, {";", "d"}, {"Ġ", "abc"}, {";d", "d"}}, train(10, "abc abc abc;ab;dd;dd"))
	require.Equal(t, []mergePair{{"a", "b"}, {"ab", "c"}}, train(2, "abc abc abc;ab;dd;dd"))
	require.Equal(t, []mergePair{{"a", "a"}, {"aa", "aa"}}, train(9, "aaaaaaaa")) // aaaa aaaa is one pair
	require.Empty(t, train(9))
}

// trainByDefinition counts all pairs anew for every merge.
func trainByDefinition(text []byte, n int) []mergePair {
	words := map[string][]string{}
	counts := map[string]int{}
	alphabet := map[byte]string{}
	for r, b := range newByteAlphabet() {
		if b >= 0 {
			alphabet[byte(b)] = string(rune(r))
		}
	}
	for i := 0; i < len(text); {
		end := nextPretoken(text, i)
		word := string(text[i:end])
		if counts[word]++; counts[word] == 1 {
			for k := range len(word) {
				words[word] = append(words[word], alphabet[word[k]])
			}
		}
		i = end
	}
	id := map[string]int{}
	for _, piece := range slices.Sorted(maps.Values(alphabet)) {
		id[piece] = len(id)
	}
	var merges []mergePair
	for range n {
		pairs := map[mergePair]int{}
		for word, symbols := range words {
			for k := 1; k < len(symbols); k++ {
				pairs[mergePair{symbols[k-1], symbols[k]}] += counts[word]
			}
		}
		best, most := mergePair{}, 1
		for p, count := range pairs {
			if count > most || count == most && most > 1 && (id[p.left] < id[best.left] || p.left == best.left && id[p.right] < id[best.right]) {
				best, most = p, count
			}
		}
		if most < 2 {
			break
		}
		merges = append(merges, best)
		if _, ok := id[best.left+best.right]; !ok {
			id[best.left+best.right] = len(id)
		}
		for word, symbols := range words {
			var out []string
			for k := 0; k < len(symbols); k++ {
				if k+1 < len(symbols) && symbols[k] == best.left && symbols[k+1] == best.right {
					out = append(out, best.left+best.right)
					k++
				} else {
					out = append(out, symbols[k])
				}
			}
			words[word] = out
		}
	}
	return merges
}

func TestTrainDefinition(t *testing.T) {
	for _, text := range []string{sources["c"] + sources["rs"], "aaabaaab aabaab aaaaaa abababab babab;;;;===;;==", sources["py"]} {
		file, err := Train(t.Context(), slices.Values([][]byte{[]byte(text)}), TrainOptions{Merges: 150})
		require.NoError(t, err)
		c, err := parseConfig(file)
		require.NoError(t, err)
		require.Equal(t, trainByDefinition([]byte(text), 150), c.merges)
	}
}

func TestTrainRefuses(t *testing.T) {
	for _, o := range []TrainOptions{
		{}, {Merges: -1}, {Merges: maxID}, {Merges: 9, Special: []string{""}}, {Merges: 9, Special: []string{"x\xFF"}},
		{Merges: 9, Special: []string{"<a>", "<a>"}}, {Merges: 9, Special: []string{"a"}},
	} {
		_, err := Train(t.Context(), sourceTexts(), o)
		require.Error(t, err, "%+v", o)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Train(ctx, sourceTexts(), TrainOptions{Merges: 1})
	require.ErrorIs(t, err, context.Canceled)
	_, err = Train(ctx, slices.Values([][]byte{bytes.Repeat([]byte("x"), 9)}), TrainOptions{Merges: 1})
	require.ErrorIs(t, err, context.Canceled)
}
