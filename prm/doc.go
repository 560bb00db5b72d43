// Package prm scores source code for security, step by step, with a process
// reward model (Qwen2) that runs natively on the CPU.
//
// Open a checkpoint in the Hugging Face layout once, and score with it as often
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
// The source is cut into steps. The model gives each step two logits, read at
// its separator, and from these follows its reward in [-1, 1]:
//
//	r = p(secure) - p(vulnerable), p(secure) = sigmoid((z_secure - z_vulnerable + b) / T)
//
// A rule of package aggregate turns the rewards into one, R. The code counts as
// vulnerable if R <= threshold. A drop of r from one step to the next marks
// where a flaw came in. The prompt format a model expects (prompt, separator,
// cutting, rule, threshold) is recorded in seccodeprm.json beside its weights.
// Options override it, and the Report says what was used.
//
// # While code is written
//
// A Session takes code as it comes and returns each step once it is final.
// Provisional scores the unfinished rest, Rewind takes back code for an edit,
// Fork tries several continuations, and Snapshot stores the session. Model.Rank
// scores several continuations of one text. All of them read only what is new
// and give the bits of Score:
//
//	s, err := m.NewSession(prm.Input{Name: "login.c"})
//	defer s.Close()
//	steps, err := s.Append(ctx, typed)
//
// Options.PrefixCacheBytes does the same for independent calls: a file that is
// scored again after an edit is read from the edit on.
//
// # Concurrency
//
// A Model is immutable and may be shared by any number of goroutines. A Session
// belongs to one goroutine at a time. Rewards have the same bits whatever runs
// beside them, on any number of threads and on any CPU.
//
// # Memory
//
// Weights of a real directory are mapped, not read, so processes share them. If
// half of the free memory suffices, each layer is copied into the order in which
// matrix products read it when it is first used (Options.Weights). A file of
// packed weights (Model.WritePacked, Options.Packed) is mapped instead. A LoRA
// adapter makes float32 copies of the matrices it touches.
//
// Scoring n tokens takes 8·HeadDim·NumKeyValueHeads·NumHiddenLayers·n bytes of
// keys and values in F32 and half of that in the other precisions, in pages of
// 64 tokens, and scratch for a few hundred tokens. A session holds its keys and
// values until Close, and forks share them. Options.MaxKVBytes bounds all of
// them together.
//
// # Errors
//
// Whatever Open refuses wraps ErrModel and names the file and the tensor or key
// at fault. Other errors wrap ErrInput (bad input), ErrTooLong (more tokens than
// the limit), ErrBudget (more memory than allowed), ErrClosed (a closed model or
// session), ErrConcurrent (a session used by two goroutines) or ErrSnapshot (not
// a snapshot of this model). After an error, a session is as it was before the
// call. Nothing is truncated silently, and a result that is not finite is an
// error, never a reward.
package prm
