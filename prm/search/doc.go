// Package search writes code with the help of a reward: a generator proposes
// continuations, a process reward model scores them, a strategy decides which
// of them are gone on with.
//
// Choose a generator and a strategy, and run:
//
//	s, err := search.New(model, generator, prm.Input{Name: "login.c", Text: prefix}, search.Beam{Width: 4, Candidates: 4}, nil)
//	if err != nil {
//		return err
//	}
//	result, err := s.Run(ctx) // or range over s.Events(ctx) to look on
//	if err != nil {
//		return err
//	}
//	if len(result.Ranked) > 0 {
//		code := result.Tree.Code(result.Ranked[0].Node) // what follows prefix
//	}
//
// A [*prm.Model] is a [Scorer]. Generators are [Replay] (stored candidates),
// [Process] (another program) and package openai (a completions endpoint); the
// strategies are [BestOfN], [Steps] (the paper's sequential best-of-N), [Beam],
// [DVTS], [EarlyStop] and [Regenerate].
//
// # Trajectories and their rewards
//
// What follows the prefix is a trajectory, of one or more proposals. Its rewards
// are those of the scored steps that have text behind the prefix: what stood
// there before is the same for all, and a flaw in it must not hide theirs. R is
// the [Criterion] over them. A proposal without a step of its own, such as one of
// comments where these are not scored, leaves the rewards as they were; a
// trajectory without any reward comes last wherever rewards are compared.
//
// A trajectory is finished when its generator says that the code ends there, or
// when it was asked for the whole rest. Every finished one takes part in the last
// ranking, whether the strategy had picked it or not. Among equals the one
// proposed first wins.
//
// # Budgets
//
// [Options] bound tokens, proposals and depth; the context's deadline bounds
// time. A search that reaches one of them ends without an error, with what is
// finished by then, and [Result] says which it was. Only a context that is
// cancelled is an error.
//
// # Rewards for training
//
// [TokenWriter] spreads step rewards onto the tokens of a policy whose tokenizer
// is not that of the reward model.
//
// # Concurrency
//
// A Search belongs to one goroutine, and so does a TokenWriter; any number may
// share a Scorer and a Replay. A Process answers one call at a time.
//
// Equal generators' answers, seeds, strategies and options give equal trees, byte
// for byte: nothing depends on time but where a deadline ends it.
//
// # Memory
//
// A tree keeps the text of each proposal and the rewards of each trajectory:
// some hundred bytes a node beside the text.
//
// # Errors
//
// Options and strategies out of range are [ErrOptions]. What a generator does
// wrong is [ErrGenerator], a replay file that cannot be read [ErrReplay], tokens
// that are not those of their text [ErrAlign]. Errors of the scorer keep their
// identity. After an error the tree up to there stays available.
package search
