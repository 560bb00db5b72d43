package layout

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"seccodeprm/tokenizer"
)

// ErrVocab is wrapped if text encodes to an id for which the model has no
// embedding: tokenizer and weights do not belong together.
var ErrVocab = errors.New("token outside the embedding")

// Layout is a Spec resolved with a tokenizer.
type Layout struct {
	tok       *tokenizer.Tokenizer
	kind      Kind
	vocab     int
	prompt    string
	separator []int32 // after each step; empty in Natural
	tail      []int32 // after the last step: in Chat the end of the turn

	imStart, imEnd int32 // Chat only

	encoders sync.Pool     // of *tokenizer.Encoder, whose caches are warm
	long     chan struct{} // holds an element for each long text that is encoded
}

// New resolves spec with the model's tokenizer. vocab is the number of rows of
// the embedding. The tokenizer may have larger ids as long as it produces none:
// otherwise the error is ErrVocab, from New for the prompt and the fixed parts,
// and from Encode for the rest. Other errors wrap ErrSpec.
func New(tok *tokenizer.Tokenizer, spec Spec, vocab int) (*Layout, error) {
	if err := spec.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSpec, err)
	}
	l := &Layout{tok: tok, kind: spec.Layout, vocab: vocab, prompt: spec.Prompt}
	l.long = make(chan struct{}, runtime.GOMAXPROCS(0))
	l.encoders.New = func() any { return tok.NewEncoder() }
	enc := tok.NewEncoder()
	switch l.kind {
	case Appended, Tag:
		l.separator = enc.AppendEncodeSpecial(nil, []byte(spec.Separator))
		if len(l.separator) == 0 {
			return nil, fmt.Errorf("%w: separator: %q encodes to no token", ErrSpec, spec.Separator)
		}
	case Chat:
		if err := l.resolveChat(spec.Separator); err != nil {
			return nil, err
		}
	}
	for _, ids := range [][]int32{l.separator, l.tail, l.appendHead(nil, enc, l.prompt)} {
		if err := l.checkVocab(ids); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// systemPrompt is the system message that Qwen2.5-Math-PRM was trained with.
const systemPrompt = `Please reason step by step, and put your final answer within \boxed{}.`

// resolveChat finds the special tokens of the chat template.
func (l *Layout) resolveChat(separator string) error {
	var end, step int32
	for _, want := range []struct {
		piece string
		id    *int32
	}{{"<|im_start|>", &l.imStart}, {"<|im_end|>", &l.imEnd}, {"<|endoftext|>", &end}, {separator, &step}} {
		id, ok := l.tok.Special(want.piece)
		if !ok {
			return fmt.Errorf("%w: layout: %q needs the token %q, which the tokenizer does not have", ErrSpec, Chat, want.piece)
		}
		*want.id = id
	}
	l.separator, l.tail = []int32{step}, []int32{l.imEnd, end}
	return nil
}

// appendHead appends the ids before the first step.
func (l *Layout) appendHead(dst []int32, enc *tokenizer.Encoder, prompt string) []int32 {
	if l.kind != Chat {
		return enc.AppendEncode(dst, []byte(prompt))
	}
	message := func(text string) {
		dst = enc.AppendEncode(append(dst, l.imStart), []byte(text))
	}
	end := func() {
		dst = enc.AppendEncode(append(dst, l.imEnd), []byte("\n"))
	}
	message("system\n" + systemPrompt)
	end()
	message("user\n" + prompt)
	end()
	message("assistant\n")
	return dst
}

// checkVocab refuses ids beyond the embedding.
func (l *Layout) checkVocab(ids []int32) error {
	for _, id := range ids {
		if int(id) >= l.vocab {
			return fmt.Errorf("%w: the tokenizer gives %q the id %d, the embedding has %d rows",
				ErrVocab, l.tok.AppendBytes(nil, []int32{id}), id, l.vocab)
		}
	}
	return nil
}
