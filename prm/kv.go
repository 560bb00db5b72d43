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
// memory for the rest, all or nothing.
func (k *kvMemory) admit(ctx context.Context, wants []want) (leave func(), err error) {
	return k.reserve(ctx, func() error {
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
}

// reserve runs try, which takes memory, until it succeeds or fails otherwise.
// Where memory is short, kept prefixes go first; then it waits for other calls to
// end, and if there are none the error is ErrBudget. leave ends the call.
func (k *kvMemory) reserve(ctx context.Context, try func() error) (leave func(), err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := try()
		switch {
		case err == nil:
			k.running++
			return k.leave, nil
		case !errors.Is(err, ErrBudget):
			return nil, err
		case k.kept.evict():
		case k.running == 0:
			return nil, err
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

func (k *kvMemory) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.running--
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
	for k.kept.evict() {
	}
}
