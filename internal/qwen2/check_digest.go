package qwen2

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"seccodeprm/internal/safetensors"
)

// digestPrefix precedes the hexadecimal digits of a digest.
const digestPrefix = "sha256:"

// treeDigest identifies a model or an adapter by what it computes with. It
// hashes the tensors in use, not the files, so a checkpoint keeps its digest
// when it is sharded, reordered or freed of left-overs. Any change of
// config.json changes it, since the configuration is hashed byte by byte.
//
// It is the SHA-256 of this sequence, with numbers as 64-bit little endian:
//
//	label                       "seccodeprm model 1\n" or "seccodeprm adapter 1\n"
//	SHA-256 of the configuration's bytes
//	number of tensors
//	for each tensor, sorted by name:
//	    length of the name, name
//	    length of the type, type ("BF16", ...)
//	    number of axes, each size
//	    SHA-256 of each 4 MiB of its data, the last one shorter
//	the digest of the adapter's own tree, if one was merged
//
// Each chunk has its own hash so that all cores can compute them.
func treeDigest(label string, config []byte, all []safetensors.Tensor, sums [][][sha256.Size]byte, adapter []byte) []byte {
	h := sha256.New()
	number := func(n int) {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(n))
		h.Write(b[:])
	}
	text := func(s string) {
		number(len(s))
		h.Write([]byte(s))
	}
	h.Write([]byte(label))
	sum := sha256.Sum256(config)
	h.Write(sum[:])
	number(len(all))
	for i, t := range all {
		text(t.Name)
		text(string(t.DType))
		number(len(t.Shape))
		for _, n := range t.Shape {
			number(n)
		}
		for _, s := range sums[i] {
			h.Write(s[:])
		}
	}
	h.Write(adapter)
	return h.Sum(nil)
}

// formatDigest formats a digest as in Model.Digest.
func formatDigest(sum []byte) string { return digestPrefix + hex.EncodeToString(sum) }
