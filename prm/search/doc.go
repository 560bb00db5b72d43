// Package search generates code under a reward: a generator proposes
// continuations, a process reward model scores them, and a strategy decides
// which to continue.
//
// Choose a generator and a strategy, and run:
//
//	s, err := search.New(model, generator, prm.Input{Name: "login.c", Text: prefix}, search.Beam{Width: 4, Candidates: 4}, nil)
//	if err != nil {
//		return err
//	}
//	result, err := s.Run(ctx) // or range over s.Events(ctx) to watch
//	if err != nil {
//		return err
//	}
//	if len(result.Ranked) > 0 {
//		code := result.Tree.Code(result.Ranked[0].Node) // without the prefix
//	}
//
// A [*prm.Model] is a [Scorer]. Generators are [Replay] (stored candidates),
// [Process] (another program) and package openai (a completions endpoint). The
// strategies are [BestOfN], [Steps] (the paper's sequential best-of-N), [Beam],
// [DVTS], [EarlyStop] and [Regenerate].
//
// # Trajectories and their rewards
//
// The text after the prefix is a trajectory of one or more proposals. Its
// rewards are the rewards of the scored steps with text after the prefix. Steps
// of the prefix do not count: they are the same for all trajectories, and a
// flaw in them must not hide the flaws that follow. R is the [Criterion] over
// these rewards. A proposal without a step of its own, such as a comment that
// is not scored, leaves the rewards as they were. A trajectory without any
// reward comes last in every comparison.
//
// A trajectory is finished when its generator says that the code ends there, or
// when it was asked for the whole rest. Every finished trajectory takes part in
// the final ranking, whether or not the strategy had picked it. Among equals,
// the one proposed first wins.
//
// # Budgets
//
// [Options] bound tokens, proposals and depth; the deadline of the context
// bounds time. A search that reaches a bound ends without an error, with what
// is finished by then. [Result] says which bound it was. Only a cancelled
// context is an error of Run; [Search.Events] ends with the error of the deadline
// too.
//
// # Rewards for training
//
// [TokenWriter] maps step rewards to the tokens of a policy with another
// tokenizer than the reward model.
//
// # Concurrency
//
// A Search and a TokenWriter each belong to one goroutine. Any number of
// goroutines may share a Scorer and a Replay. A Process answers one call at a
// time.
//
// Given equal answers of the generator, seeds, strategies and options, trees
// are equal byte for byte. Time matters only if a deadline ends the search.
//
// # Memory
//
// A tree keeps the text of each proposal and the rewards of each trajectory:
// some hundred bytes for each node besides the text.
//
// # Errors
//
// Options and strategies out of range give [ErrOptions], a fault of the
// generator [ErrGenerator], a malformed replay file [ErrReplay], and tokens
// that do not match their text [ErrAlign]. Errors of the scorer keep their
// identity. After an error, the tree so far remains available.
package search
