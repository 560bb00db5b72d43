// Package layout turns prompt, code and steps into the ids a checkpoint was
// trained on, and names the rows at which its rewards are read.
//
// ParseSpec reads how a model wants to be asked (seccodeprm.json), New resolves
// that with the model's tokenizer, Encode lays out one input:
//
//	spec, err := layout.ParseSpec(data, "seccodeprm.json", layout.Default(layout.Appended))
//	l, err := layout.New(tok, spec, config.VocabSize)
//	e, err := l.Encode(ctx, "", src, policy, steps)
//	w := e.Whole()                 // w.IDs, and w.Rows to read
//	windows, err := e.Windows(1024) // where e.Len() exceeds a limit
//
// In layout "appended" ids are
//
//	ids(prompt) ++ for each step ( ids(text of the step) ++ ids(separator) )
//
// Each piece is encoded ALONE and the ids are joined, because the tokenizer
// would fuse a separator with what stands before it ("}\n\n" is one token) and
// the row to read, the last id of the separator, would be gone. Steps marked
// NoOp have no ids and no row.
//
// Code and prompt are text: a special token spelled in them is not one. The
// separator belongs to the model, so a special token named there is meant.
//
// Layout "chat" is Qwen2.5-Math-PRM's template with the prompt as the user's
// message. Its ids are those of the whole text, except that the first step is
// encoded apart from the line break before it: this shows only where a step
// begins with line breaks.
//
// # Concurrency
//
// A Layout and an Encoded are immutable and may be shared.
//
// # Memory
//
// An Encoded holds 4 bytes a token and 8 a step. Windows copies the ids of each
// window: all together about twice those of the code (at most four times), and
// the prompt once a window.
//
// # Errors
//
// ErrSpec: the settings, or settings that do not fit the tokenizer. ErrVocab: an
// id beyond the embedding. ErrWindow: a limit that leaves no room for code.
// ErrStep: a step outside the source or without ids. Encode returns the
// context's error as it is.
package layout
