// Package tiny embeds a small trained model, so that everything runs without a
// download:
//
//	m, err := prm.Open(tiny.FS(), nil)
//
// It is a demonstration, not a detector: a Qwen2ForTokenClassification of 5.48
// million parameters (6 layers, hidden 256, vocabulary of 4,096, bf16, 11 MB),
// trained from scratch on 3.6 million tokens: synthetic pairs from 83 templates
// in seven languages (about 88 % of the batches) and SVEN and SafeCoder
// training pairs (MIT) that share no commit, text or function with their
// validation pairs. Steps were cut as in preset "blank-lines", sequences held
// up to 640 tokens, and the offset was fitted on synthetic validation pairs.
//
// Section Quality of the README has its results on real and synthetic pairs. The
// model knows textbook patterns, such as SQL built from strings, shell calls,
// unsafe deserialisation and weak hashes, and nothing of memory flows. Do not
// rely on its verdicts.
//
// # Concurrency
//
// FS returns an immutable file system, which is safe for concurrent use.
//
// # Memory
//
// The files are part of the program. prm.Open makes one aligned copy of the 11
// MB of weights.
//
// # Errors
//
// FS cannot fail.
package tiny

import (
	"embed"
	"io/fs"
)

//go:embed model
var files embed.FS

// FS returns the model's directory, for prm.Open.
func FS() fs.FS {
	sub, err := fs.Sub(files, "model")
	if err != nil {
		panic(err) // "model" is a valid path
	}
	return sub
}
