package verify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/qwen2/cpu"
)

// IsConfigs reports whether dir is a folder for Configs.
func IsConfigs(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "manifest.json"))
	return err == nil
}

// Configs compares every config.json variant in dir that the reference could
// run. manifest.json names the weights, which have the ids of the sequences
// beside them, and how far the reference came with each variant.
// expected.safetensors holds NAME.SEQUENCE.logits. Result.Refused lists the
// variants that this library refuses: it may be stricter, but where both run a
// model they must agree.
func Configs(ctx context.Context, dir string, opts Options) (*Result, error) {
	var manifest struct {
		Weights  string
		Variants map[string]struct{ Stage string }
	}
	if err := readJSON(filepath.Join(dir, "manifest.json"), &manifest); err != nil {
		return nil, err
	}
	weights := filepath.Join(dir, filepath.Dir(manifest.Weights))
	ids, err := openReference(weights)
	if err != nil {
		return nil, err
	}
	defer ids.close()
	expected, err := openExpected(dir)
	if err != nil {
		return nil, err
	}
	defer expected.close()

	result := &Result{Name: filepath.Base(filepath.Clean(dir)), About: "config.json variants over " + filepath.Base(weights)}
	for _, name := range slices.Sorted(maps.Keys(manifest.Variants)) {
		if manifest.Variants[name].Stage != "ok" {
			continue
		}
		config, err := os.ReadFile(filepath.Join(dir, name+".json"))
		if err != nil {
			return nil, err
		}
		m, err := qwen2.Open(ctx, overlay{os.DirFS(weights), "config.json", config}, qwen2.Options{})
		if errors.Is(err, qwen2.ErrModel) {
			result.Refused = append(result.Refused, fmt.Sprintf("%s: %v", name, err))
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", dir, name, err)
		}
		c := &comparison{ctx: ctx, opts: opts, ref: expected, model: m}
		err = c.variant(name, ids)
		m.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", dir, name, err)
		}
		result.Sequences = append(result.Sequences, c.result.Sequences...)
	}
	return result, nil
}

// variant compares one model with the logits on record under its name.
func (c *comparison) variant(name string, sequences *reference) error {
	for _, seq := range sequences.meta.Sequences {
		key := name + "." + seq.Name + ".logits"
		want, err := c.ref.floats(key)
		if err != nil {
			return err
		}
		if want == nil {
			continue // only some sequences were run
		}
		ids, err := sequences.int32s(seq.Name + ".input_ids")
		if err != nil {
			return err
		}
		if c.opts.MaxTokens > 0 && len(ids) > c.opts.MaxTokens {
			continue
		}
		_, logits, err := run(c.ctx, c.model, cpu.Options{Precision: c.opts.Precision}, ids, upTo(len(ids)))
		if err != nil {
			return err
		}
		if err := c.write(logits); err != nil {
			return err
		}
		d, err := readout("logits", widen(logits), want)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		c.done(Sequence{Name: name + " " + seq.Name, Tokens: len(ids), Readout: []Difference{d}})
	}
	return nil
}
