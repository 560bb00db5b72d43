package segment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDetectLanguage(t *testing.T) {
	for _, c := range []struct {
		name, src string
		want      Language
	}{
		{"a.py", "#include <a.h>\n", Python}, // the name is believed
		{"a.h", "int f(int);\n", C},
		{"a.h", "namespace a {\n}\n", CPP},
		{"a.c", "namespace a {\n}\n", C},
		{"", "", Unknown},
		{"", "Some words, and a few more.\n\nclass of its own\n", Unknown},
		{"tool", "#!/usr/bin/env python3\nx = 1\n", Python},
		{"tool", "#!/usr/bin/env node\n", JavaScript},
		{"", "export interface A {\n}\n", TypeScript},
		{"", "export interface A {\n}\nconst a = (\n<b>\n</b>\n)\n", TSX},
		{"tool", "\uFEFF#!/usr/bin/env python3\nimport os\n", Python},
		{"tool", "#!/bin/sh\necho\n", Unknown},
	} {
		require.Equal(t, c.want, DetectLanguage(c.name, []byte(c.src)), "%q %q", c.name, c.src)
	}
	for _, s := range samples { // by content alone; short ones may stay unknown
		if got := DetectLanguage("", []byte(s.src)); got != Unknown && s.lang != Scala {
			require.Equal(t, s.lang, got, s.src)
		}
	}
}
