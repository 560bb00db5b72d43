package main

import (
	"context"
	"encoding/binary"
	"io"

	"seccodeprm/internal/qwen2"
	"seccodeprm/prm"
	"seccodeprm/prm/tiny"
)

// code is what the digest of the embedded model covers.
var code = []string{
	"char *greet(const char *name)\n{\n\tchar buf[16];\n\n\tstrcpy(buf, name);\n\n\treturn strdup(buf);\n}\n",
	"def load(path):\n    with open(path) as f:\n\n        return eval(f.read())\n",
	"package p\n\nfunc last(x []int) int {\n\n\treturn x[len(x)-1]\n}\n",
}

// embedded writes the bits of all logits and rewards that the embedded model
// gives code, in every precision.
func embedded(ctx context.Context, bits io.Writer) error {
	for _, precision := range qwen2.Precisions {
		m, err := prm.Open(tiny.FS(), &prm.Options{Precision: precision})
		if err != nil {
			return err
		}
		defer m.Close()
		for _, text := range code {
			if err := score(ctx, m, text, bits); err != nil {
				return err
			}
		}
	}
	return nil
}

// score writes the bits of the logits and rewards of text.
func score(ctx context.Context, m *prm.Model, text string, bits io.Writer) error {
	report, err := m.Score(ctx, prm.Input{Text: []byte(text)})
	if err != nil {
		return err
	}
	for _, s := range report.Steps {
		if s.NoOp {
			continue // it has no values
		}
		if err := binary.Write(bits, binary.LittleEndian, s.Logits); err != nil {
			return err
		}
		if err := binary.Write(bits, binary.LittleEndian, []float64{s.PSecure, s.Reward}); err != nil {
			return err
		}
	}
	return binary.Write(bits, binary.LittleEndian, report.Reward)
}
