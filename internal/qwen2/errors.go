package qwen2

import "errors"

// ErrModel is wrapped by every refusal of a model: its configuration, weights,
// readout or adapter. The text after it names the file and the key, tensor or
// offset at fault.
var ErrModel = errors.New("qwen2: model refused")

// ErrBudget is wrapped when keys and values would take more memory than an
// engine may use. The text after it says how much.
var ErrBudget = errors.New("qwen2: memory budget exceeded")

// ErrDevice is wrapped when a device failed, not what it was asked to run. The
// same call may succeed later.
var ErrDevice = errors.New("qwen2: device failed")
