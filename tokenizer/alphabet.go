package tokenizer

// Byte-level BPE files spell each byte as one printable character (GPT-2's
// bytes_to_unicode): the printable characters of Latin-1 represent themselves,
// and U+0100 onwards represent the other 68 bytes in order.

// lastByteRune is the largest character of the byte alphabet.
const lastByteRune = 0x143

// byteAlphabet maps a character to the byte it represents, or -1.
type byteAlphabet [lastByteRune + 1]int16

func newByteAlphabet() *byteAlphabet {
	var a byteAlphabet
	for i := range a {
		a[i] = -1
	}
	next := 0x100
	for b := range 256 {
		if '!' <= b && b <= '~' || 0xA1 <= b && b <= 0xAC || 0xAE <= b {
			a[b] = int16(b)
		} else {
			a[next] = int16(b)
			next++
		}
	}
	return &a
}

// appendBytes appends the bytes that piece spells. If a character is outside
// the alphabet, ok is false and the piece represents its own UTF-8.
func (a *byteAlphabet) appendBytes(dst []byte, piece string) (out []byte, ok bool) {
	n := len(dst)
	for _, r := range piece {
		if r > lastByteRune || a[r] < 0 {
			return append(dst[:n], piece...), false
		}
		dst = append(dst, byte(a[r]))
	}
	return dst, true
}
