package prm_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/testmodel"
	"seccodeprm/prm"
	"seccodeprm/segment"
)

var internalName = regexp.MustCompile(`(^|: )(qwen2|cpu|paged|safetensors|strictjson|mapped): `)

// requireOwnText: the text begins with this package and names no internal one.
func requireOwnText(t *testing.T, err error) {
	t.Helper()
	require.Regexp(t, `^prm: `, err.Error())
	require.Equal(t, 1, strings.Count(err.Error(), "prm: "), err)
	require.NotRegexp(t, internalName, err.Error())
}

func TestErrorTexts(t *testing.T) {
	settings := func(text string) error {
		fsys := testmodel.New(testmodel.Shape{})
		fsys["seccodeprm.json"] = &fstest.MapFile{Data: []byte(text)}
		_, err := prm.Open(fsys, nil)
		return err
	}
	m := openTiny(t, &prm.Options{MaxKVBytes: 1 << 20, MaxTokens: 4096})
	score := func(in prm.Input) error {
		_, err := m.Score(context.Background(), in)
		return err
	}
	long := []byte(strings.Repeat("int x;\n\n", 400))
	steps := []segment.Step{{Start: 1}}
	for want, err := range map[string]error{
		"prm: model refused: bad settings: seccodeprm.json: tau: is 0, want a number > 0":     settings(`{"tau":0}`),
		"prm: model refused: bad settings: seccodeprm.json: offset 7: tau: want a number":     settings(`{"tau":"0"}`),
		"prm: bad input: Steps[0] spans bytes [1, 0), want a span from 0 within 0 bytes":      score(prm.Input{Steps: steps}),
		"prm: bad input: a.c: Steps[0] spans bytes [1, 0), want a span from 0 within 0 bytes": score(prm.Input{Name: "a.c", Steps: steps}),
		"prm: memory budget exceeded: a.c: ":                                                  score(prm.Input{Name: "a.c", Text: long}),
	} {
		require.ErrorContains(t, err, want)
		requireOwnText(t, err)
	}
}
