package prm

import (
	"context"
	"errors"
	"sync"
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
// memory for the rest, all or nothing. Unless it fails, leave ends the call.
func (k *kvMemory) admit(ctx context.Context, wants []want) error {
	err := k.reserve(ctx, func() error {
		for i := range wants {
			w := &wants[i]
			w.seq.truncate(w.known())
			k.kept.adopt(w)
		}
		for i, w := range wants {
			if err := w.seq.cache.Reserve(len(w.ids) - len(w.seq.ids)); err != nil {
				for _, w := range wants[:i] {
					w.seq.cache.Truncate(len(w.seq.ids))
				}
				return err
			}
		}
		return nil
	})
	if err != nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.free(wants)
	}
	return err
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
