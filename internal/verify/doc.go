// Package verify runs the library on a checkpoint whose outputs another
// implementation has written down, and measures how far apart the two are.
//
//	result, err := verify.Checkpoint(ctx, "models/tokcls-base", verify.Options{Precision: prm.F32})
//	for _, s := range result.Sequences {
//		fmt.Println(s.Name, s.OK(), s.Readout)
//	}
//
// A folder to verify holds the checkpoint and beside it
//
//   - expected.json: the sequences by name, the candidates of a causal LM, or for
//     a PEFT adapter the folder of its base;
//   - expected.safetensors: per sequence S the tensors S.input_ids, S.logits_f64 of
//     a float64 pass (or S.logits_adapted and S.logits_merged of an adapter), and
//     as far as they are there S.embed, S.layerN, S.final_norm, S.pooled;
//   - trace.safetensors, optional: activations inside the layers;
//   - paper_layout.json, chat_layout.json, tag_layout.json, optional: code with the
//     ids, rows, logits and rewards it should give.
//
// Configs does the same for a folder of config.json variants over one set of
// weights.
//
// # Concurrency
//
// The functions share nothing and may run at once.
//
// # Memory
//
// All hidden states of one sequence at a time, and of the sequences whose layers
// are on record all activations.
//
// # Errors
//
// An error means that there was nothing to compare: the checkpoint does not open,
// a file of the reference is missing or malformed. Differences are results.
package verify
