package qwen2

import "errors"

// ErrModel is wrapped by every refusal of a model: its configuration, weights,
// readout or adapter. The text behind it names the file and the key, tensor or
// offset at fault.
var ErrModel = errors.New("qwen2: model refused")

// ErrBudget is wrapped where keys and values would take more memory than an
// engine may use. The text behind it says how much.
var ErrBudget = errors.New("qwen2: memory budget exceeded")

// ErrDevice is wrapped where the device failed and not what it was asked to run:
// the same call may succeed when it is made again.
var ErrDevice = errors.New("qwen2: device failed")
