package qwen2

import "errors"

// ErrModel is wrapped by every refusal of a model: its configuration, weights,
// readout or adapter. The text behind it names the file and the key, tensor or
// offset at fault.
var ErrModel = errors.New("qwen2: model refused")
