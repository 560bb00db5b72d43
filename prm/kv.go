package prm

import (
	"context"
	"errors"
	"sync"

	"seccodeprm/internal/qwen2"
)

// kvMemory settles who may have memory for keys and values, and keeps those of
// texts that were read before.
type kvMemory struct {
	mu      sync.Mutex
	freed   *sync.Cond // someone left
	running int        // calls that will free what they hold, or hold no more, when they end
	kept    prefixes
}

func newKVMemory(limit, pageBytes int64) *kvMemory {
	k := &kvMemory{kept: newPrefixes(limit, pageBytes)}
	k.freed = sync.NewCond(&k.mu)
	return k
}

// admit brings the sequences to what is known of the ids wanted and reserves
// memory for the rest, which it returns: one run for each want, still without
// rows. Unless it fails, leave ends the call.
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

// reserve runs try, which takes memory, until it succeeds or fails otherwise.
// Where memory is short, kept prefixes go first; then it waits for other calls to
// end, and if there are none the error is ErrBudget. Unless it fails, leave ends
// the call.
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

// wait waits until some call ends, or ctx does.
func (k *kvMemory) wait(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.freed.Broadcast()
	})
	k.freed.Wait()
	stop()
}

// leave ends a call. Calls that wait try again, for the memory of what was transient
// too.
func (k *kvMemory) leave(wants []want) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.free(wants)
	k.running--
}

// free gives back what transient sequences hold.
func (k *kvMemory) free(wants []want) {
	for _, w := range wants {
		if w.transient {
			w.seq.cache.Release()
		}
	}
	k.freed.Broadcast()
}

// remember keeps the whole pages of a sequence for texts that begin like it.
func (k *kvMemory) remember(s *sequence) {
	if k.kept.limit == 0 || s.private {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept.add(s)
}

// release gives the memory of a sequence back.
func (k *kvMemory) release(s *sequence) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s.cache.Release()
	k.freed.Broadcast()
}

// close forgets all prefixes.
func (k *kvMemory) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept.clear()
}
