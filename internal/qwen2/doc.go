// Package qwen2 reads a Hugging Face Qwen2 checkpoint and describes it to the
// engines that run it.
//
// Call [Open] first. It reads config.json and the weights, determines which
// readout they contain, and refuses what it cannot run exactly:
//
//	m, err := qwen2.Open(ctx, os.DirFS(dir), qwen2.Options{})
//	if err != nil { ... }
//	defer m.Close()
//
// A [Config] holds config.json with every spelling of transformers 4 and 5
// resolved; [ParseConfig] makes one from bytes. [Rope] computes rotary
// frequencies and tables. A [Readout] turns hidden states into logits. An
// [Engine] computes the hidden states and knows nothing about readouts.
//
// Where transformers guesses (random values for a missing tensor, the sizes of
// a 7B model for a missing key), this package refuses. Where both accept a
// checkpoint, both compute the same function.
//
// # Concurrency
//
// Config, Rope and Model are immutable and safe to share.
//
// # Memory
//
// Weights stay mapped if the file system provides real files. Only norms,
// biases and readouts are widened. A Config takes a few kilobytes.
//
// # Errors
//
// Every refusal wraps [ErrModel] and names the file and the key, tensor or
// offset at fault.
package qwen2
