package sarif

import "seccodeprm/label"

// Mark makes the steps of the file path vulnerable that meet the sink of the
// finding or, where flows is set, any place of its flows, and returns how many
// steps were marked; their label is then From SARIF too. Places in other files
// are not looked at. A sink in this file whose lines src does not have is an
// error that wraps ErrRegion, and steps is left as it was. steps have to be those
// of src: cut it with All, whose labels say what the tool's silence means.
func (f *Finding) Mark(steps []label.Step, src []byte, path string, flows bool) (int, error) {
	places := []Location{f.Sink}
	if flows {
		for _, flow := range f.Flows {
			places = append(places, flow...)
		}
	}
	var spans []label.Span
	for i, at := range places {
		if at.Path != path {
			continue
		}
		span, err := at.Region.Span(src)
		if err != nil && i == 0 {
			return 0, err
		}
		if err == nil {
			spans = append(spans, span)
		}
	}
	marked := map[int]bool{}
	for _, span := range spans {
		for i := min(label.StepAt(steps, span.Start), len(steps)-1); i >= 0 && i < len(steps); i++ {
			steps[i].Secure = false
			steps[i].From |= label.SARIF
			marked[i] = true
			if steps[i].End >= span.End {
				break
			}
		}
	}
	return len(marked), nil
}
