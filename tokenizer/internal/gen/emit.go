package main

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
)

// emitClasses writes the table of class(): 0 other, 1 letter, 2 number, 3
// space, plus 4 for \w.
func emitClasses(b *bytes.Buffer, d *data) error {
	var v [limit]uint8
	for r := range v {
		switch {
		case d.letter[r]:
			v[r] = 1
		case d.number[r]:
			v[r] = 2
		case d.space[r]:
			v[r] = 3
		}
		if d.word[r] {
			v[r] |= 4
		}
	}
	return twoStage(b, "class", "the pre-tokenizer's class of a code point, Unicode 16", v[:])
}

// emitNFC writes the table of nfcValue() and the sorted decompositions and
// compositions.
func emitNFC(b *bytes.Buffer, d *data) error {
	var v [limit]uint8
	composite := map[string]rune{} // by decomposition, where it composes
	for _, e := range d.decompositions {
		if e.composes {
			composite[string(e.to)] = e.from
		} else {
			v[e.from] = 1
		}
	}
	type pair struct{ a, b, c rune }
	var pairs []pair
	for _, e := range d.decompositions {
		if !e.composes {
			continue
		}
		n := len(e.to) - 1
		p := pair{e.to[0], e.to[n], e.from}
		if n > 1 {
			c, ok := composite[string(e.to[:n])]
			if !ok {
				return fmt.Errorf("%04X: its decomposition has no composite head", e.from)
			}
			p.a = c
		}
		pairs = append(pairs, p)
		v[p.b] = 1
	}
	for r := 0x1161; r <= 0x1175; r++ { // Hangul vowels
		v[r] = 1
	}
	for r := 0x11A8; r <= 0x11C2; r++ { // Hangul final consonants
		v[r] = 1
	}
	var classes []uint8
	for _, c := range d.ccc {
		if c != 0 && !slices.Contains(classes, c) {
			classes = append(classes, c)
		}
	}
	slices.Sort(classes)
	for r, c := range d.ccc {
		if c != 0 {
			v[r] = uint8(2 + slices.Index(classes, c))
		}
	}
	for _, e := range d.decompositions {
		if v[e.from] == 0 && v[e.to[0]] != 0 {
			return fmt.Errorf("%04X: inert, but its decomposition may join what is before it", e.from)
		}
	}
	if err := twoStage(b, "nfc", "the part a code point plays in NFC, Unicode 9; see nfcValue", v[:]); err != nil {
		return err
	}

	slices.SortFunc(d.decompositions, func(x, y decomposition) int { return int(x.from - y.from) })
	b.WriteString("// nfcDecompositions holds full canonical decompositions, sorted.\nvar nfcDecompositions = [...]decomposition{\n")
	for i, e := range d.decompositions {
		fmt.Fprintf(b, "{%#x, %s},%s", e.from, strconv.QuoteToASCII(string(e.to)), newline(i, 12))
	}
	slices.SortFunc(pairs, func(x, y pair) int {
		if x.a != y.a {
			return int(x.a - y.a)
		}
		return int(x.b - y.b)
	})
	b.WriteString("}\n\n// nfcCompositions holds the pairs that compose, sorted.\nvar nfcCompositions = [...]composition{\n")
	for i, p := range pairs {
		fmt.Fprintf(b, "{%#x, %#x, %#x},%s", p.a, p.b, p.c, newline(i, 10))
	}
	b.WriteString("}\n")
	return nil
}

// twoStage writes NAMEIndex, the number of the block that holds a code point,
// and NAMEBlocks, one printable byte '0'+value for each code point of a block.
// It omits the blocks after the last one with a value other than 0.
func twoStage(b *bytes.Buffer, name, doc string, v []uint8) error {
	seen := map[string]int{}
	var index []int
	var blocks []string
	last := 0
	for at := 0; at < len(v); at += block {
		text := make([]byte, block)
		for i, x := range v[at : at+block] {
			if text[i] = '0' + x; text[i] > '~' {
				return fmt.Errorf("%s: value %d is not printable", name, x)
			}
			if x != 0 {
				last = at / block
			}
		}
		n, ok := seen[string(text)]
		if !ok {
			n = len(blocks)
			seen[string(text)] = n
			blocks = append(blocks, string(text))
		}
		index = append(index, n)
	}
	if len(blocks) > 256 {
		return fmt.Errorf("%s: %d blocks", name, len(blocks))
	}
	fmt.Fprintf(b, "// %sIndex and %sBlocks give %s.\nvar %sIndex = [...]uint8{\n", name, name, doc, name)
	for i, n := range index[:last+1] {
		fmt.Fprintf(b, "%d,%s", n, newline(i, 64))
	}
	fmt.Fprintf(b, "}\n\nconst %sBlocks = \"\" +\n", name)
	for i, text := range blocks {
		end := " +\n"
		if i == len(blocks)-1 {
			end = "\n\n"
		}
		b.WriteString(strconv.Quote(text) + end)
	}
	return nil
}

// newline ends a row after every n-th entry.
func newline(i, n int) string {
	if i%n == n-1 {
		return "\n"
	}
	return " "
}
