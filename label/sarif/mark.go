package sarif

import "seccodeprm/label"

// Mark makes steps of the file path vulnerable: the steps that overlap the sink
// of the finding and, with flows, any place of its flows. They get label.SARIF
// as a further source. Mark returns how many steps it marked, and ignores
// places in other files. If the sink is in this file but src does not have its
// lines, the error is ErrRegion and no step changes.
//
// steps are the steps of src. Cut them with label.All, whose label says what it
// means that the analyser found nothing.
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
