package qwen2

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"seccodeprm/internal/mapped"
)

// CheckFolder refuses a folder that has an adapter without a model. Other faults
// are found later.
func CheckFolder(fsys fs.FS) error {
	_, err := besideAdapter(fsys)
	return err
}

// besideAdapter reports whether the folder of a model has an adapter of its own.
func besideAdapter(fsys fs.FS) (bool, error) {
	data, err := mapped.ReadFile(fsys, adapterConfigName, maxConfigBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrModel, err)
	}
	if exists(fsys, "config.json") && (exists(fsys, "model.safetensors") || exists(fsys, "model.safetensors.index.json")) {
		return true, nil
	}
	base := "its base"
	if obj, err := parseObject(data); err == nil {
		if name, _ := obj.values["base_model_name_or_path"].(string); name != "" {
			base += " (" + show(name) + ")"
		}
	}
	return false, fmt.Errorf("%w: %s: this is a PEFT adapter without a model: open %s and pass this folder as Options.Adapter", ErrModel, adapterConfigName, base)
}

func exists(fsys fs.FS, name string) bool {
	_, err := fs.Stat(fsys, name)
	return err == nil
}

// findAdapter returns the adapter to merge: the given one or, as in
// transformers, the one in the folder of the model. If there are two, neither
// may be left out.
func findAdapter(fsys, given fs.FS) (fs.FS, error) {
	beside, err := besideAdapter(fsys)
	switch {
	case err != nil || !beside:
		return given, err
	case given == nil:
		return fsys, nil
	}
	for _, name := range []string{adapterConfigName, adapterWeightsName} {
		same, err := sameFile(fsys, given, name)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrModel, err)
		}
		if !same {
			return nil, fmt.Errorf("%w: %s: the folder of the model has an adapter, and Options.Adapter is another one: move the first out of the folder, or leave Options.Adapter nil to use it", ErrModel, name)
		}
	}
	return given, nil
}

// sameFile reports whether a file has the same bytes in two folders.
func sameFile(a, b fs.FS, name string) (same bool, err error) {
	x, err := mapped.Open(a, name)
	if err != nil {
		return false, err
	}
	defer x.Close()
	y, err := mapped.Open(b, name)
	if err != nil {
		return false, err
	}
	defer y.Close()
	err = mapped.Guard(func() error { same = bytes.Equal(x.Bytes(), y.Bytes()); return nil }, x, y)
	return same, err
}
