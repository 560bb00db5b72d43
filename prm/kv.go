package prm

import (
	"context"
	"errors"
	"sync"

	"seccodeprm/internal/qwen2"
)

// kvMemory shares the memory for keys and values among calls, and keeps the keys
// and values of earlier texts.
type kvMemory struct {
	mu      sync.Mutex
	freed   *sync.Cond // a call ended or memory was released
	running int        // calls that may free memory when they end
	kept    prefixes
}

func newKVMemory(limit, pageBytes int64) *kvMemory {
	k := &kvMemory{kept: newPrefixes(limit, pageBytes)}
	k.freed = sync.NewCond(&k.mu)
	return k
}

// admit cuts the sequences to what is known of the ids wanted, and reserves
// memory for the rest of all of them or of none. It returns a run for each
// want, still without rows. Unless it fails, leave must follow.
func (k *kvMemory) admit(ctx context.Context, engine qwen2.Engine, wants []want) ([]qwen2.Sequence, error) {
	runs := make([]qwen2.Sequence, len(wants))
	err := k.reserve(ctx, func() error {
		for i := range wants {
			w := &wants[i]
			w.seq.truncate(w.known())
			k.kept.adopt(w)
			runs[i] = qwen2.Sequence{Cache: w.seq.cache, IDs: w.ids[len(w.seq.ids):]}
		}
		return engine.Reserve(runs)
	})
	if err != nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.free(wants)
	}
	return runs, err
}

// reserve runs try, which takes memory, until it does not fail with ErrBudget.
// Before each new attempt it drops a kept prefix, or if there is none, waits for
// another call to end. If no other call is running, it returns ErrBudget. Unless
// it fails, leave must follow.
func (k *kvMemory) reserve(ctx context.Context, try func() error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := try()
		switch {
		case err == nil:
			k.running++
			return nil
		case !errors.Is(err, ErrBudget):
			return err
		case k.kept.evict():
		case k.running == 0:
			return err
		default:
			k.wait(ctx)
		}
	}
}

// wait waits until a call ends or memory is released, or until ctx ends.
func (k *kvMemory) wait(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.freed.Broadcast()
	})
	k.freed.Wait()
	stop()
}

// leave ends a call and releases its transient sequences. Waiting calls try
// again.
func (k *kvMemory) leave(wants []want) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.free(wants)
	k.running--
}

// free releases the transient sequences and wakes waiting calls.
func (k *kvMemory) free(wants []want) {
	for _, w := range wants {
		if w.transient {
			w.seq.cache.Release()
		}
	}
	k.freed.Broadcast()
}

// remember keeps the full pages of a sequence for texts that begin like it.
func (k *kvMemory) remember(s *sequence) {
	if k.kept.limit == 0 || s.private {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept.add(s)
}

// release releases the memory of a sequence.
func (k *kvMemory) release(s *sequence) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s.cache.Release()
	k.freed.Broadcast()
}

// close drops all prefixes.
func (k *kvMemory) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept.clear()
}
