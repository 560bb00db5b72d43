package prm

import (
	"seccodeprm/aggregate"
	"seccodeprm/internal/num"
)

// margin returns the logit margin: z_secure - z_vulnerable, or the only output of
// a head with one.
func (m *Model) margin(logits []float32) float64 {
	if len(logits) == 1 {
		return float64(logits[0])
	}
	s := m.spec.SecureLabel
	return float64(logits[s]) - float64(logits[1-s])
}

// reward returns p(secure) = sigmoid((margin + b) / T) and
// r = p(secure) - p(vulnerable) = tanh((margin + b) / 2T).
func (m *Model) reward(logits []float32) (pSecure, r float64) {
	x := (m.margin(logits) + m.spec.Offset) / m.spec.Temperature
	return num.Sigmoid64(x), num.Tanh64(x / 2)
}

// tau returns the temperature of the rule, or the model's if the rule has none.
func (m *Model) tau() float64 {
	if tau, ok := aggregate.Tau(m.rule); ok {
		return tau
	}
	return m.spec.Tau
}
