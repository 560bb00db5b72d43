package qwen2

// value is v_head.summary(h), the value head of TRL and Skywork-o1-Open-PRM.
// The caller applies the sigmoid that turns it into the reward.
type value struct {
	summary Linear // (1, HiddenSize)
}

func (r *value) Family() string { return ValueHead }
func (r *value) Outputs() int   { return 1 }
func (r *value) Logits(dst, hidden []float32, rows int) {
	r.summary.project(dst, hidden, rows)
}

func valueHead(c *Config) *head {
	return &head{
		wants: []want{{"v_head.summary.weight", []int{1, c.HiddenSize}}, {"v_head.summary.bias", []int{1}}},
		bind: func(t tensors) (Readout, error) {
			summary, err := t.linear("v_head.summary", true)
			return &value{summary}, err
		},
	}
}
