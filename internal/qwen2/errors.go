package qwen2

import "errors"

// The texts begin with "prm" because package prm, which exports the sentinels, is
// what its users see.

// ErrModel is wrapped by every refusal of a model: its configuration, weights,
// readout or adapter. The text after it names the file and the key, tensor or
// offset at fault.
var ErrModel = errors.New("prm: model refused")

// ErrBudget is wrapped when keys and values would take more memory than an
// engine may use. The text after it says how much.
var ErrBudget = errors.New("prm: memory budget exceeded")

// ErrDevice is wrapped when a device failed, not what it was asked to run. The
// same call may succeed later.
var ErrDevice = errors.New("prm: device failed")
