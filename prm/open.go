package prm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"seccodeprm/aggregate"
	"seccodeprm/internal/layout"
	"seccodeprm/internal/mapped"
	"seccodeprm/internal/par"
	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/qwen2/cpu"
	"seccodeprm/segment"
	"seccodeprm/tokenizer"
)

// Open loads a checkpoint from the root of fsys: config.json, model.safetensors
// (or its shards with model.safetensors.index.json), tokenizer.json (or
// vocab.json and merges.txt) and, if present, seccodeprm.json. Files of a real
// directory (os.DirFS) are mapped; any others are read into memory. Open reads
// all weights once, in parallel, to check that they are finite.
//
// Names and shapes of the tensors tell the kind of head: token or sequence
// classification, Qwen2.5-Math-PRM, a reward model with one output, a value
// head, or a causal LM for which seccodeprm.json names two candidate tokens.
//
// opts may be nil. Errors wrap ErrModel, or ErrInput for an option out of range.
// The caller closes the Model.
func Open(fsys fs.FS, opts *Options) (*Model, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	m, err := open(fsys, &o)
	if err != nil {
		if !errors.Is(err, ErrModel) && !errors.Is(err, ErrInput) {
			err = fmt.Errorf("%w: %w", ErrModel, err)
		}
		return nil, err
	}
	if o.Logger != nil {
		does := m.engine.Describe()
		o.Logger.Debug("model opened", "name", m.name, "digest", m.weights.Digest, "family", m.weights.Readout.Family(),
			"stored", m.weights.StoredDType, "precision", does.Precision, "isa", does.ISA, "threads", m.threads,
			"adapter", m.weights.Adapter, "ignored", m.weights.Ignored)
	}
	return m, nil
}

func open(fsys fs.FS, o *Options) (*Model, error) {
	if info, err := fs.Stat(fsys, "."); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%w: not a folder but a file", ErrModel)
	}
	if err := qwen2.CheckFolder(fsys); err != nil {
		return nil, err // before a tokenizer is missed
	}
	tok, err := loadTokenizer(fsys)
	if err != nil {
		return nil, err
	}
	settings, err := readSettings(fsys)
	if err != nil {
		return nil, err
	}
	candidates, err := candidateIDs(tok, settings.Candidates)
	if err != nil {
		return nil, err
	}
	weights, err := qwen2.Open(context.Background(), fsys, qwen2.Options{Adapter: o.Adapter, Candidates: candidates, Threads: o.Threads})
	if err != nil {
		return nil, err
	}
	m := &Model{
		name: o.Name, precision: o.Precision, threads: par.Threads(o.Threads), windows: o.Windows, weights: weights,
	}
	if m.engine, err = newEngine(fsys, weights, o); err != nil {
		weights.Close()
		return nil, err
	}
	m.kv = newKVMemory(o.PrefixCacheBytes, m.engine.CacheBytes(qwen2.PageLen))
	if err := m.configure(tok, settings, o); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// newEngine returns the engine that the options ask for.
func newEngine(fsys fs.FS, weights *qwen2.Model, o *Options) (qwen2.Engine, error) {
	opts := cpu.Options{
		Precision: o.Precision, Threads: o.Threads, Pack: o.Weights != MapWeights, MaxCacheBytes: o.MaxKVBytes,
	}
	if o.Packed != "" {
		if o.PackedFS != nil {
			fsys = o.PackedFS
		}
		var err error
		if opts.Packed, err = cpu.OpenPacked(fsys, o.Packed, weights, opts.Precision); err != nil {
			return nil, err
		}
		return cpu.New(weights, opts), nil
	}
	engine := cpu.New(weights, opts)
	if o.Weights == DefaultWeights && engine.PackedBytes() > freeMemory()/2 && !opts.Precision.Integer() {
		opts.Pack = false
		engine = cpu.New(weights, opts)
	}
	return engine, nil
}

// configure resolves how input becomes tokens and rewards become a verdict.
func (m *Model) configure(tok *tokenizer.Tokenizer, settings *layout.Settings, o *Options) error {
	cfg := m.weights.Config
	if m.name == "" {
		m.name = "Qwen2"
		if len(cfg.Architectures) > 0 {
			m.name = cfg.Architectures[0]
		}
	}
	family := m.weights.Readout.Family()
	if n := m.weights.Readout.Outputs(); n > 2 {
		return fmt.Errorf("%w: config.json: a %s head with %d outputs is not a reward model of two classes", ErrModel, family, n)
	}
	base := layout.Default(defaultLayout(family))
	base.SecureLabel = cfg.SecureLabel()
	if family == qwen2.CausalLM {
		base.SecureLabel = 0 // the first candidate, "+", means secure
	}
	var err error
	if m.spec, err = settings.Over(base); err != nil {
		return err
	}
	if m.layout, err = layout.New(tok, m.spec, cfg.VocabSize); err != nil {
		return fmt.Errorf("%s or its defaults: %w", settingsFile, err)
	}

	m.policy = o.Segment
	if m.policy.Preset == "" {
		if m.policy, err = segment.ParsePolicy(m.spec.Segment); err != nil {
			return fmt.Errorf("%w: %s: segment: %w", ErrModel, settingsFile, err)
		}
		m.policy.CommentsNoOp = m.policy.CommentsNoOp || o.Segment.CommentsNoOp
	} else if _, err := m.policy.Steps(nil, segment.Unknown); err != nil {
		return fmt.Errorf("%w: Options.Segment: %w", ErrInput, err)
	}

	m.rule = o.Aggregate
	if m.rule == nil {
		var ok bool
		if m.rule, ok = aggregate.Lookup(m.spec.Aggregate, m.spec.Tau); !ok {
			return fmt.Errorf("%w: %s: aggregate: no rule %q with tau %v", ErrModel, settingsFile, m.spec.Aggregate, m.spec.Tau)
		}
	}

	m.maxTokens = o.MaxTokens
	if m.maxTokens == 0 {
		m.maxTokens = m.spec.Context
	}
	if m.maxTokens == 0 {
		m.maxTokens = cfg.MaxPositionEmbeddings
	}
	return nil
}

// defaultLayout returns the layout a family was published with.
func defaultLayout(family string) layout.Kind {
	switch family {
	case qwen2.MathPRM:
		return layout.Chat
	case qwen2.ValueHead, qwen2.CausalLM:
		return layout.Tag
	}
	return layout.Appended
}

// settingsFile records the prompt format beside a checkpoint.
const settingsFile = "seccodeprm.json"

// readSettings reads seccodeprm.json, if there is one. It refuses values out of
// range before gigabytes of weights are read.
func readSettings(fsys fs.FS) (*layout.Settings, error) {
	data, err := mapped.ReadFile(fsys, settingsFile, 1<<20)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = []byte("{}"), nil
	}
	if err != nil {
		return nil, err
	}
	settings, err := layout.ParseSettings(data, settingsFile)
	if err == nil {
		_, err = settings.Over(layout.Default(layout.Appended))
	}
	return settings, err
}

// loadTokenizer reads tokenizer.json, or the older pair of files.
func loadTokenizer(fsys fs.FS) (*tokenizer.Tokenizer, error) {
	_, err := fs.Stat(fsys, "tokenizer.json")
	if err == nil {
		return tokenizer.Load(fsys, "tokenizer.json")
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if _, err := fs.Stat(fsys, "vocab.json"); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: tokenizer.json is missing, and so are vocab.json and merges.txt: %w", ErrModel, err)
	}
	return tokenizer.LoadVocabMerges(fsys, "vocab.json", "merges.txt")
}

// candidateIDs resolves the two candidate tokens of a causal LM.
func candidateIDs(tok *tokenizer.Tokenizer, texts []string) ([]int32, error) {
	var ids []int32
	enc := tok.NewEncoder()
	for _, text := range texts {
		n := len(ids)
		if ids = enc.AppendEncodeSpecial(ids, []byte(text)); len(ids) != n+1 {
			return nil, fmt.Errorf("%w: %s: candidates: %q is %d tokens, not one", ErrModel, settingsFile, text, len(ids)-n)
		}
	}
	return ids, nil
}
