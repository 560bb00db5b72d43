package qwen2

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"seccodeprm/internal/mapped"
	"seccodeprm/internal/par"
	"seccodeprm/internal/safetensors"
	"seccodeprm/kernels"
)

// Options of Open. The zero value suits everything but a causal LM.
type Options struct {
	// Adapter is a folder with a PEFT LoRA adapter (adapter_config.json and
	// adapter_model.safetensors) to merge into the weights. If it is nil, the
	// adapter in the folder of the model is merged, if there is one.
	Adapter fs.FS
	// Candidates are the ids of the two tokens at which a causal LM is read, in
	// the order of the logits. Other families do not use them.
	Candidates []int32
	// Headless accepts a bare trunk (Qwen2Model), for programs that read only
	// hidden states. Its Readout is nil.
	Headless bool
	// Threads bounds the goroutines that read and merge weights. 0 means
	// GOMAXPROCS.
	Threads int
}

// Model is a checkpoint ready to run. Its weights are read-only. Except for the
// ones that an adapter updates, they are views of the mapped files: use them
// under [Model.Guard].
type Model struct {
	Config      *Config
	EmbedTokens kernels.Weight // (VocabSize, HiddenSize)
	Layers      []Layer        // NumHiddenLayers
	Norm        []float32      // (HiddenSize), the final norm
	Readout     Readout        // nil only with Options.Headless
	// Digest is "sha256:" and 64 hexadecimal digits over config.json, the
	// tensors in use and the adapter. Sharding does not change it.
	Digest string
	// StoredDType is the type in which all weights in use are stored
	// ("bfloat16", "float16", "float32" or "float64"), or "mixed". An adapter
	// does not change it.
	StoredDType string
	// Adapter is the digest of the merged adapter alone, or "".
	Adapter string
	// Ignored names what the folders hold but no sum uses: known left-overs of
	// training and serving, with "*" for the number of the layer, and an index
	// beside model.safetensors. At most 21 entries; the last one counts the
	// rest.
	Ignored []string

	files []*mapped.File
}

// maxConfigBytes is far more than any config.json has.
const maxConfigBytes = 4 << 20

// Open reads config.json and the safetensors weights beside it.
//
// Before it reads any data, Open compares the names, shapes and types of all
// tensors with the config and lists everything wrong in one error. It then
// reads every weight once, on all threads, for NaN, infinities and the digest.
// Errors wrap [ErrModel], except ctx.Err().
func Open(ctx context.Context, fsys fs.FS, opts Options) (_ *Model, err error) {
	if opts.Adapter, err = findAdapter(fsys, opts.Adapter); err != nil {
		return nil, err
	}
	data, config, err := readConfig(fsys)
	if err != nil {
		return nil, err
	}
	m := &Model{Config: config}
	defer func() {
		if err != nil {
			m.Close()
		}
	}()
	checkpoint, err := safetensors.Open(fsys)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	m.files = checkpoint.Mapped()
	all, problems := collect(checkpoint)
	var lora *adapter
	architectures := config.Architectures
	if opts.Adapter != nil {
		if lora, err = openAdapter(opts.Adapter, config); err != nil {
			return nil, err
		}
		m.files = append(m.files, lora.file.Mapped()...)
		if err := m.Guard(func() error { lora.replace(all); return nil }); err != nil {
			return nil, err
		}
		architectures = lora.architectures(architectures)
	}
	head, err := findHead(all, config, architectures, opts)
	if err != nil {
		return nil, err
	}
	wants := append(trunk(config), head.wants...)
	problems = append(all.compare(config, wants), problems...)
	m.Ignored = append(all.ignored(wants), checkpoint.Ignored()...)
	if lora != nil {
		problems = append(problems, lora.problems(wants, head)...)
		m.Ignored = append(m.Ignored, lora.ignored...)
	}
	if err := refuse(problems); err != nil {
		return nil, err
	}
	if n := len(m.Ignored) - maxProblems; n > 0 {
		m.Ignored = append(m.Ignored[:maxProblems], fmt.Sprintf("and %d more", n))
	}
	threads := par.Threads(opts.Threads)
	err = m.Guard(func() error {
		if err := m.inspect(ctx, threads, data, all, wants, lora); err != nil {
			return err
		}
		if err := m.bind(all, head); err != nil {
			return err
		}
		if lora != nil {
			return lora.merge(ctx, threads, m)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// readConfig returns the bytes of config.json and its parsed form.
func readConfig(fsys fs.FS) ([]byte, *Config, error) {
	const name = "config.json"
	data, err := mapped.ReadFile(fsys, name, maxConfigBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%w: %s is missing: not a model folder, or an incomplete one: %w", ErrModel, name, err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	c, err := ParseConfig(data, name)
	return data, c, err
}

// inspect reads all weights once and sets what follows from their bytes.
func (m *Model) inspect(ctx context.Context, threads int, config []byte, t tensors, wants []want, lora *adapter) error {
	base := make(tensors)
	for _, w := range wants {
		if lora == nil || !lora.replaced[w.name] {
			base[w.name] = t[w.name]
		}
	}
	ours := base.sorted()
	var theirs []safetensors.Tensor
	if lora != nil {
		theirs = lora.used(t, wants)
	}
	sums, err := inspect(ctx, threads, slices.Concat(ours, theirs))
	if err != nil {
		return err
	}
	var adapterSum []byte
	if lora != nil {
		adapterSum = treeDigest("seccodeprm adapter 1\n", lora.data, theirs, sums[len(ours):], nil)
		m.Adapter = formatDigest(adapterSum)
	}
	for i, name := range sortedKeys(base) {
		ours[i].Name = name // the digest does not depend on the checkpoint's prefixes
	}
	m.Digest = formatDigest(treeDigest("seccodeprm model 1\n", config, ours, sums[:len(ours)], adapterSum))
	m.StoredDType = storedDType(ours)
	return nil
}

// bind sets the weights from tensors that passed all checks.
func (m *Model) bind(t tensors, h *head) (err error) {
	if m.EmbedTokens, err = t.matrix(embedName); err != nil {
		return err
	}
	if m.Norm, err = t.vector(normName); err != nil {
		return err
	}
	m.Layers = make([]Layer, m.Config.NumHiddenLayers)
	for i := range m.Layers {
		if m.Layers[i], err = t.layer(i); err != nil {
			return err
		}
	}
	if h.bind != nil {
		m.Readout, err = h.bind(t)
	}
	return err
}

// Mapped reports whether the weights are views of mapped files, whose memory
// processes share, rather than a private copy.
func (m *Model) Mapped() bool {
	return !slices.ContainsFunc(m.files, func(f *mapped.File) bool { return !f.Mapped() })
}

// Guard runs fn, which may read the weights. If a file is truncated or fails
// while fn reads it, Guard returns an error that wraps [ErrModel] and
// [mapped.ErrFault] and names the file. Without Guard, the process would crash.
func (m *Model) Guard(fn func() error) error {
	err := mapped.Guard(fn, m.files...)
	if errors.Is(err, mapped.ErrFault) {
		return fmt.Errorf("%w: %w", ErrModel, err)
	}
	return err
}

// Release tells the system that a matrix of the model will not be read for a
// while, so its pages may leave memory. The matrix can still be read.
func (m *Model) Release(w *kernels.Weight) {
	for _, f := range m.files {
		mapped.Release(f, w.BF16)
		mapped.Release(f, w.F16)
		mapped.Release(f, w.F32)
	}
}

// Close unmaps the files. The weights must not be in use or used later.
// Closing twice is allowed.
func (m *Model) Close() error {
	var errs []error
	for _, f := range m.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
