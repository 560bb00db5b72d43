package strictjson

import "slices"

// keySet holds the keys of one object. It allocates only for more than a few.
type keySet struct {
	few  [16]string
	n    int
	many map[string]bool
}

// add reports whether key is new.
func (s *keySet) add(key string) bool {
	if s.has(key) {
		return false
	}
	if s.n < len(s.few) {
		s.few[s.n] = key
		s.n++
		return true
	}
	if s.many == nil {
		s.many = map[string]bool{}
	}
	s.many[key] = true
	return true
}

func (s *keySet) has(key string) bool { return slices.Contains(s.few[:s.n], key) || s.many[key] }
