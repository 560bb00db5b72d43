package segment

import "seccodeprm/internal/lex"

// opens tells what the brace behind the statement at hand opens.
func (m *scanner) opens() opening {
	h := m.statement()
	f := &m.frames[m.top]
	switch m.lang {
	case C, CPP:
		return m.opensC(h, f)
	case Go:
		return opensGo(h, f)
	case Java:
		return opensJava(h, f)
	case JavaScript, TypeScript:
		return opensScript(h, f)
	case Rust:
		return opensRust(h, f)
	}
	return opensKotlin(h, f)
}

// has returns the index of the first item with one of the keys, or -1.
func has(h []item, keys ...lex.Key) int {
	for i := range h {
		for _, k := range keys {
			if h[i].key == k {
				return i
			}
		}
	}
	return -1
}

// hasLast returns the index of the last item with one of the keys, or -1.
func hasLast(h []item, keys ...lex.Key) int {
	for i := len(h) - 1; i >= 0; i-- {
		for _, k := range keys {
			if h[i].key == k {
				return i
			}
		}
	}
	return -1
}

func nameOf(it item) span { return span{it.start, it.end} }

// arityOf returns the arity of a group of parameters.
func arityOf(group item) int {
	if group.least >= 0 {
		return -1 - int(group.least)
	}
	return int(group.arity)
}

// define records a function whose body the brace t opens, and returns its index.
func (m *scanner) define(o opening, start int, t lex.Token) int32 {
	at := m.off + t.Start
	// What looked like a call was the name of the function.
	for i := len(m.calls) - 1; i >= 0 && m.calls[i].Offset >= start; i-- {
		switch {
		case m.calls[i].Offset == o.name.start:
			m.calls[i].Name = ""
		case m.lang == CPP && m.calls[i].Offset > o.name.end: // in a list of initialisers
			m.calls[i].InFunc = len(m.funcs)
		}
	}
	fn := Func{
		Name: m.text(o.name), Qualifier: m.text(o.qualifier), Receiver: m.text(o.receiver),
		Arity: o.arity, Start: start, BodyStart: at,
	}
	if m.lang == Scala {
		o.name.end = m.endScala(o.name)
		fn.Name = m.text(o.name)
	}
	if m.lang == Go && o.receiver.end > 0 {
		fn.Receiver = receiverGo(m.src[o.receiver.start:o.receiver.end])
	}
	if fn.Qualifier == "" {
		fn.Qualifier = m.around()
	}
	m.funcs = append(m.funcs, fn)
	return int32(len(m.funcs) - 1)
}

func (m *scanner) text(s span) string { return m.src[s.start:s.end] }

// around returns the name of the innermost named thing around the position.
func (m *scanner) around() string {
	for i, hops := m.top, 0; i >= 0 && hops < 64; i, hops = m.frames[i].parent, hops+1 {
		if n := m.frames[i].name; n.end > 0 {
			return m.text(n)
		}
	}
	return ""
}
