package prm

import (
	"errors"
	"sync"

	"seccodeprm/aggregate"
	"seccodeprm/internal/layout"
	"seccodeprm/internal/qwen2"
	"seccodeprm/segment"
)

// Model is an open process reward model. It is immutable and may be shared by
// any number of goroutines. Close it after its sessions.
type Model struct {
	name      string
	precision qwen2.Precision
	threads   int
	windows   bool
	maxTokens int

	weights *qwen2.Model
	engine  qwen2.Engine
	layout  *layout.Layout
	spec    layout.Spec
	policy  segment.Policy
	rule    aggregate.Rule
	kv      *kvMemory

	mu     sync.RWMutex // held for reading by every call
	closed bool
}

// allows reports whether keys and values may take the given number of bytes.
func (m *Model) allows(bytes int64) bool {
	limit := m.engine.MaxCacheBytes()
	return limit == 0 || bytes <= limit
}

// Close waits for running calls and releases the weights. Reports stay valid.
// Later calls return ErrClosed. Closing again does nothing.
func (m *Model) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	m.kv.close()
	return errors.Join(m.engine.Close(), m.weights.Close())
}

// enter begins a call, and leave ends it.
func (m *Model) enter() error {
	m.mu.RLock()
	if m.closed {
		m.mu.RUnlock()
		return ErrClosed
	}
	return nil
}

func (m *Model) leave() { m.mu.RUnlock() }
