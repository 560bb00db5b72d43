package safetensors

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"seccodeprm/internal/mapped"
)

const (
	singleName = "model.safetensors"
	indexName  = "model.safetensors.index.json"
)

// Checkpoint holds the weights of a model folder: one file, or several with an
// index. Whoever opens it closes it.
type Checkpoint struct {
	set
	files   []*File // by name
	ignored []string
}

// Open opens model.safetensors or, where there is none, the files that
// model.safetensors.index.json lists. The single file takes precedence, as in
// transformers; Ignored then names the index.
//
// Open checks an index against the headers of its files: each tensor must be in
// the file that the index names and in no other. A tensor that the index omits
// is available all the same, because transformers loads whole files. Weights in
// other formats (pytorch_model.bin, GGUF) are refused by name.
func Open(fsys fs.FS) (*Checkpoint, error) {
	f, err := OpenFile(fsys, singleName)
	if err == nil {
		c := &Checkpoint{set: f.set, files: []*File{f}}
		if _, err := fs.Stat(fsys, indexName); err == nil {
			c.ignored = []string{indexName}
		}
		return c, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	text, err := mapped.ReadFile(fsys, indexName, maxIndex)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing(fsys)
	}
	if err != nil {
		return nil, err
	}
	index, err := parseIndex(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFormat, indexName, err)
	}
	return openShards(fsys, index)
}

// openShards opens the files of an index (tensor to file) and compares the two.
func openShards(fsys fs.FS, index map[string]string) (*Checkpoint, error) {
	c := &Checkpoint{set: set{}}
	err := func() error {
		for _, name := range shards(index) {
			f, err := OpenFile(fsys, name)
			if errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%w: %s: file %q is missing: %w", ErrFormat, indexName, name, err)
			}
			if err != nil {
				return err
			}
			c.files = append(c.files, f)
		}
		return c.merge(index)
	}()
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// merge collects the tensors of the files, in the order of their names.
func (c *Checkpoint) merge(index map[string]string) error {
	seen := keys{}
	for _, f := range c.files {
		for _, name := range f.Names() {
			t := f.set[name]
			if first, twice := c.set[name]; twice {
				return fmt.Errorf("%w: %s: tensor %q lies in %s and in %s", ErrFormat, indexName, name, first.File, t.File)
			}
			if err := seen.add(name); err != nil {
				return fmt.Errorf("%w: %s: %s: %w", ErrFormat, indexName, t.File, err)
			}
			c.set[name] = t
		}
	}
	var wrong problems
	for _, name := range c.Names() {
		if want, listed := index[name]; listed && want != c.set[name].File {
			wrong.add("tensor %q lies in %s, not in %s", name, c.set[name].File, want)
		}
	}
	for _, name := range sorted(index) {
		if _, ok := c.set[name]; !ok {
			wrong.add("tensor %q is not in %s", name, index[name])
		}
	}
	return wrong.err()
}

// missing explains a folder that has neither model.safetensors nor an index.
func missing(fsys fs.FS) error {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return fmt.Errorf("neither %s nor %s: %w", singleName, indexName, err)
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case name == singleName || name == indexName:
			return fmt.Errorf("%s: a link to a file that is not there: %w", name, fs.ErrNotExist)
		case matches(name, "pytorch_model*.bin"), matches(name, "consolidated*.pth"):
			return fmt.Errorf("%w: %s: PyTorch weights can run code and are not read; convert them to %s (save_pretrained of transformers does)", ErrFormat, name, singleName)
		case matches(name, "*.gguf"):
			return fmt.Errorf("%w: %s: GGUF is not read; use the checkpoint it was made from, with %s", ErrFormat, name, singleName)
		}
	}
	return fmt.Errorf("neither %s nor %s: %w", singleName, indexName, fs.ErrNotExist)
}

func matches(name, pattern string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// Metadata merges the metadata of all files. Where they differ, the first file
// by name wins. It is nil if no file has any.
func (c *Checkpoint) Metadata() map[string]string {
	var out map[string]string
	for _, f := range c.files {
		for k, v := range f.metadata {
			if out == nil {
				out = map[string]string{}
			}
			if _, ok := out[k]; !ok {
				out[k] = v
			}
		}
	}
	return out
}

// Ignored lists the files of the folder that describe weights and were not read.
func (c *Checkpoint) Ignored() []string { return c.ignored }

// Mapped lists the mapped files, for mapped.Guard.
func (c *Checkpoint) Mapped() []*mapped.File {
	var out []*mapped.File
	for _, f := range c.files {
		out = append(out, f.Mapped()...)
	}
	return out
}

// Close closes all files. Their tensors must not be used afterwards. Closing
// twice is harmless.
func (c *Checkpoint) Close() error {
	var errs []error
	for _, f := range c.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
