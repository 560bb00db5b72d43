// Package layout turns prompt, code and steps into the ids a checkpoint was
// trained on, and names the rows at which its rewards are read.
//
// ParseSettings reads how a model is prompted (seccodeprm.json), New resolves
// that with the model's tokenizer, and Encode lays out one input:
//
//	settings, err := layout.ParseSettings(data, "seccodeprm.json")
//	spec, err := settings.Over(layout.Default(layout.Appended))
//	l, err := layout.New(tok, spec, config.VocabSize)
//	e, err := l.Encode(ctx, "", src, policy, steps)
//	w := e.Whole()                  // w.IDs, and w.Rows to read
//	windows, err := e.Windows(1024) // if e.Len() exceeds a limit
//
// In layout "appended" the ids are
//
//	ids(prompt) ++ for each step ( ids(text of the step) ++ ids(separator) )
//
// Each piece is encoded ALONE and the ids are joined, because the tokenizer would
// fuse a separator with the text before it ("}\n\n" is one token), and the row to
// read, the last id of the separator, would be lost. Steps marked NoOp have no
// ids and no row.
//
// Code and prompt are plain text: a special token spelled in them is not one. The
// separator belongs to the model, so a special token named there is one.
//
// Layout "chat" is the template of Qwen2.5-Math-PRM with the prompt as the user's
// message. Its ids are those of the whole text, except that the first step is
// encoded apart from the line break before it. This makes a difference only if a
// step begins with line breaks.
//
// # Concurrency
//
// A Layout and an Encoded are immutable and may be shared.
//
// # Memory
//
// An Encoded takes 4 bytes for each token and 8 for each step. Windows copies the
// ids of each window: about twice the ids of the code in total (at most four
// times), and the prompt once in each window.
//
// # Errors
//
// ErrSpec is about settings, or settings that do not fit the tokenizer.
// ErrVocab is about an id beyond the embedding, ErrWindow about a limit that
// leaves no room for code, and ErrStep about a step outside the source or
// without ids. Encode returns ctx.Err() unwrapped.
package layout
