"""The reference side of oracle_test.go; needs Hugging Face tokenizers.

oracle.py encode TOKENIZER_JSON  reads a JSON string a line and writes its ids, special tokens
read, as a JSON list; oracle.py random TOKENIZER_JSON  writes the hashes of random.json."""
import hashlib
import json
import struct
import sys

from tokenizers import Tokenizer

MASK = 2**64 - 1
WHITE = [0x20, 0x20, 0x20, 0x09, 0x0A, 0x0A, 0x0D, 0x0B, 0x0C, 0x85, 0xA0, 0x2003, 0x2028, 0x3000]
PARTS = ["<|im_start|>", "<|im_end|>", "<|im_", "|>", "'s", "'LL", "'\u017f", "\r\n", "    ", "==", "12", "\u212a", "for (", "e\u0301"]


class Random:
    """splitmix64"""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
        return (z ^ (z >> 31)) % n


def text(r):
    out = []
    for _ in range(r.below(25)):
        kind = r.below(12)
        if kind < 4:
            out.append(chr(0x20 + r.below(0x5F)))
        elif kind == 4:
            out.append(chr(WHITE[r.below(len(WHITE))]))
        elif kind == 5:
            out.append(chr(0xC0 + r.below(0x470)))
        elif kind == 6:
            out.append(chr(0x300 + r.below(0x70)))
        elif kind == 7:
            out.append(chr(0x1100 + r.below(0x100)) if r.below(2) else chr(0xAC00 + r.below(11172)))
        elif kind == 8:
            out.append(chr(0x4E00 + r.below(0x5200)))
        elif kind == 9:
            out.append(chr(0x1F300 + r.below(0x800)))
        elif kind == 10:
            c = r.below(0x110000 - 0x800)
            out.append(chr(c if c < 0xD800 else c + 0x800))
        else:
            out.append(PARTS[r.below(len(PARTS))])
    return "".join(out)


def main():
    mode, path = sys.argv[1:]
    tokenizer = Tokenizer.from_file(path)
    if mode == "encode":
        texts = [json.loads(line) for line in sys.stdin.buffer.read().split(b"\n") if line]
        for e in tokenizer.encode_batch(texts, add_special_tokens=False):
            print(e.ids)
        return
    hashes = []
    for seed in range(10):
        r, h = Random(seed), hashlib.sha256()
        for _ in range(100):
            for e in tokenizer.encode_batch([text(r) for _ in range(1000)], add_special_tokens=False):
                h.update(struct.pack("<%dI" % len(e.ids), *e.ids))
        hashes.append(h.hexdigest())
    json.dump(hashes, sys.stdout)


main()
