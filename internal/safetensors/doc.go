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
// The reader treats every file as hostile. It refuses a key that occurs twice
// or in two spellings of case, and file names that leave the folder. It checks
// all sizes against the file before it allocates. The tensors must tile the data
// section exactly, so that no byte is shared, hidden or missing. Legal are, as
// in version 0.8 of the Python library, an odd header length, a tensor at an odd
// offset, white space before the header, null instead of metadata, and fields of
// a tensor that the format does not have.
//
// # Concurrency
//
// Any number of goroutines may use a [File], a [Checkpoint] and a [Tensor].
// Close must not overlap with a use of tensor data.
//
// # Memory
//
// Files are mapped where the system can (internal/mapped). Uint16s and Float32s
// are then views of the mapping, valid until Close. Code that reads them runs
// under mapped.Guard with the files of Mapped. The limits below bound the cost
// of the header, whatever a file claims.
//
// Limits: a header of 100 MB (as in the Python library), 100,000 tensors, names
// of 512 bytes, 8 dimensions, 100 unknown fields a tensor, 16 MB of metadata.
//
// # Errors
//
// Everything wrong with the content of a file is [ErrFormat]; the text names
// the file and the tensor, key or offset at fault. Errors of the file system
// and of internal/mapped are wrapped.
package safetensors

import "errors"

// ErrFormat means that a file violates the format or exceeds a limit of this
// package.
var ErrFormat = errors.New("bad safetensors file")

const (
	maxHeader   = 100_000_000 // bytes
	maxTensors  = 100_000     // per file
	maxName     = 512         // bytes
	maxRank     = 8           // dimensions
	maxMetadata = 16 << 20    // bytes of all keys and values
	maxSkipped  = 100         // unknown fields of one tensor
	maxIndex    = 32 << 20    // bytes of model.safetensors.index.json

	metadataKey = "__metadata__"
)
