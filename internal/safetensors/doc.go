// Package safetensors reads and writes the safetensors format: an 8-byte header
// length, a JSON header, and the tensors back to back.
//
// Begin with [Open] for a model folder, [OpenFile] for one file:
//
//	c, err := safetensors.Open(os.DirFS(dir))
//	if err != nil { ... }
//	defer c.Close()
//	w, ok := c.Tensor("model.norm.weight") // w.DType, w.Shape, w.Widen()
//
// The reader takes every file as hostile. It walks the JSON of the header token
// by token, refuses a key that occurs twice or in two spellings of case, fields
// it does not know, and names that leave the folder; it compares all sizes with
// the file before it allocates; and the tensors must tile the data section
// exactly, so that no byte is shared, hidden or missing. A header length that
// is odd and a tensor at an odd offset are legal.
//
// # Concurrency
//
// A [File], a [Checkpoint] and a [Tensor] may be used by any number of
// goroutines. Close must not overlap with a use of tensor data.
//
// # Memory
//
// Files are mapped where the system can (internal/mapped); Uint16s and Float32s
// are then views of the mapping, valid until Close. Code that reads them runs
// under mapped.Guard with the files of Mapped. The header's own cost is bounded
// by the limits below, whatever a file claims.
//
// Limits: header 100 MB (as the Python library), 100,000 tensors, names of 512
// bytes, 8 dimensions, 16 MB of metadata.
//
// # Errors
//
// What is wrong with a file's content is [ErrFormat] and names the file and the
// tensor, key or offset at fault. Errors of the file system and of
// internal/mapped are wrapped.
package safetensors

import "errors"

// ErrFormat says that a file is not what the format, or this package's limits,
// allow.
var ErrFormat = errors.New("bad safetensors file")

const (
	maxHeader   = 100_000_000 // bytes
	maxTensors  = 100_000     // per file
	maxName     = 512         // bytes
	maxRank     = 8           // dimensions
	maxMetadata = 16 << 20    // bytes of all keys and values
	maxIndex    = 32 << 20    // bytes of model.safetensors.index.json

	metadataKey = "__metadata__"
)
