// Package prm scores source code for security, step by step, with a process
// reward model (Qwen2) that it runs natively on the CPU.
//
// Open a checkpoint in the Hugging Face layout once and score with it as often
// as you like:
//
//	m, err := prm.Open(os.DirFS("model"), nil) // or tiny.FS(), the embedded model
//	if err != nil {
//		return err
//	}
//	defer m.Close()
//	report, err := m.Score(ctx, prm.Input{Name: "login.c", Text: source})
//	if err != nil {
//		return err
//	}
//	for _, step := range report.Steps {
//		fmt.Println(step.Line, step.EndLine, step.Reward)
//	}
//	fmt.Println(report.Reward, report.Vulnerable)
//
// The source is cut into steps; each step gets two logits at its separator, and
// from them a reward
//
//	r = p(secure) - p(vulnerable), p(secure) = sigmoid((z_secure - z_vulnerable + b) / T)
//
// in [-1, 1]. A rule of package aggregate turns the rewards into one, R; the
// code counts as vulnerable iff R <= threshold. A drop of r from one step to the
// next marks where a flaw came in. How a model wants to be asked (prompt,
// separator, cutting, rule, threshold) stands in seccodeprm.json beside its
// weights; options override it and the Report says which held.
//
// # While code is written
//
// A Session takes code as it comes and returns each step once it is final;
// Provisional scores the unfinished rest, Rewind takes edits, Fork tries several
// ways, Snapshot stores it. Model.Rank scores several continuations of one text.
// Both read only what is new, and give the bits of Score:
//
//	s, err := m.NewSession(prm.Input{Name: "login.c"})
//	defer s.Close()
//	steps, err := s.Append(ctx, typed)
//
// Options.PrefixCacheBytes does the same between calls that know nothing of each
// other: a file scored again after an edit is read from the edit on.
//
// # Concurrency
//
// A Model is immutable and may be shared by any number of goroutines; a Session
// belongs to one at a time. Rewards
// have the same bits whatever runs beside them, on any number of threads and on
// any CPU.
//
// # Memory
//
// Weights of a real directory are mapped, not read: processes share them. Where
// half of the free memory suffices, layers are copied into the order of products
// when first used (Options.Weights); a file of packed weights (Model.WritePacked,
// Options.Packed) is mapped instead. A LoRA adapter makes float32 copies of the
// matrices it touches. Scoring n tokens holds 8·HeadDim·NumKeyValueHeads·
// NumHiddenLayers·n bytes of keys and values in F32 and half of it in the other
// precisions, in pages of 64 tokens, and scratch for a few hundred tokens. A
// session holds its keys and values until Close, and forks share theirs;
// Options.MaxKVBytes bounds all of them together.
//
// # Errors
//
// Everything that Open refuses wraps ErrModel and names file and tensor or key
// at fault. Bad input is ErrInput, input beyond the token limit ErrTooLong, more
// memory than allowed ErrBudget, a closed model or session ErrClosed, a session
// used by two goroutines ErrConcurrent, a snapshot of something else ErrSnapshot.
// After an error a session is as it was before the call. Nothing is truncated
// silently, and a result that is not finite is an error, never a reward.
package prm
