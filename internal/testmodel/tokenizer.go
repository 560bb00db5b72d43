package testmodel

// merges join two tokens into one. Merge i makes the token with id 256 + i.
// They cover indentation, blank lines and a few words of code.
var merges = [...][2]string{
	{"Ċ", "Ċ"}, {"Ġ", "Ġ"}, {"ĠĠ", "ĠĠ"}, {"ĠĠ", "Ġ"}, {"i", "n"}, {"in", "t"}, {"r", "e"}, {"Ġ", "="}, {";", "Ċ"}, {"i", "f"},
}

// specials are the tokens after the merges: markers of text and turns, and the
// step tag of Qwen2.5-Math-PRM.
var specials = [...]string{"<|endoftext|>", "<|im_start|>", "<|im_end|>", "<extra_0>"}

// VocabSize returns the number of ids of the tokenizer.
func VocabSize() int { return 256 + len(merges) + len(specials) }

// splitPattern is the pattern by which Qwen2 cuts text into words.
const splitPattern = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`

// tokenizerJSON returns a tokenizer.json of Qwen2's kind: byte-level BPE, NFC.
func tokenizerJSON() []byte {
	vocab := make(map[string]int)
	for i, r := range alphabet() {
		vocab[string(r)] = i
	}
	pairs := make([][]string, len(merges))
	for i, m := range merges {
		vocab[m[0]+m[1]] = 256 + i
		pairs[i] = []string{m[0], m[1]}
	}
	added := make([]map[string]any, len(specials))
	for i, s := range specials {
		added[i] = map[string]any{
			"id": 256 + len(merges) + i, "content": s, "single_word": false,
			"lstrip": false, "rstrip": false, "normalized": false, "special": true,
		}
	}
	byteLevel := map[string]any{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}
	return encode(map[string]any{
		"version": "1.0", "truncation": nil, "padding": nil, "added_tokens": added,
		"normalizer": map[string]any{"type": "NFC"},
		"pre_tokenizer": map[string]any{"type": "Sequence", "pretokenizers": []any{
			map[string]any{"type": "Split", "pattern": map[string]any{"Regex": splitPattern}, "behavior": "Isolated", "invert": false},
			byteLevel,
		}},
		"post_processor": byteLevel,
		"decoder":        byteLevel,
		"model": map[string]any{
			"type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": "", "end_of_word_suffix": "",
			"fuse_unk": false, "byte_fallback": false, "ignore_merges": false, "vocab": vocab, "merges": pairs,
		},
	})
}

// alphabet lists the characters that represent bytes in a byte-level
// vocabulary, in the order of their ids: printable Latin-1 characters represent
// themselves, and U+0100 onwards represent the other bytes.
func alphabet() []rune {
	var out []rune
	printable := func(b rune) bool { return b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae }
	for b := rune(0); b < 256; b++ {
		if printable(b) {
			out = append(out, b)
		}
	}
	for i := rune(0); len(out) < 256; i++ {
		out = append(out, 0x100+i)
	}
	return out
}
