// Package qwen2 reads a Hugging Face Qwen2 checkpoint and describes it to the
// engines that run it.
//
// Call [Open] first. It reads config.json and the weights, finds out which
// readout they carry, and refuses what it cannot run exactly:
//
//	m, err := qwen2.Open(ctx, os.DirFS(dir), qwen2.Options{})
//	if err != nil { ... }
//	defer m.Close()
//
// A [Config] holds config.json with every spelling of transformers 4 and 5
// resolved; [ParseConfig] makes one from bytes alone. [Rope] computes rotary
// frequencies and tables. A [Readout] turns hidden states into logits. An
// [Engine] computes the hidden states; it knows nothing of readouts.
//
// Where transformers guesses (random values for a missing tensor, the sizes of
// a 7B model for a missing key), this package refuses. Where both accept a
// checkpoint, both compute the same function.
//
// # Concurrency
//
// Config, Rope and Model are immutable once made and safe to share.
//
// # Memory
//
// Weights stay mapped where the file system gives real files; nothing is
// widened but norms, biases and readouts. A Config is a few kilobytes.
//
// # Errors
//
// Everything refused wraps [ErrModel] and names the file and the key, tensor or
// offset at fault.
package qwen2
