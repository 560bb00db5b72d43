// Package verify runs the library on a checkpoint for which the outputs of
// another implementation are on record, and measures how far apart the two are.
//
//	result, err := verify.Checkpoint(ctx, "models/tokcls-base", verify.Options{Precision: prm.F32})
//	for _, s := range result.Sequences {
//		fmt.Println(s.Name, s.OK(), s.Readout)
//	}
//
// A folder to verify holds the checkpoint and, beside it,
//
//   - expected.json: the sequences by name, the candidates of a causal LM, and
//     the folder of the base model if the checkpoint is a PEFT adapter;
//   - expected.safetensors: for each sequence S the tensors S.input_ids and
//     S.logits_f64 of a float64 pass (S.logits_adapted and S.logits_merged of
//     an adapter), and optionally S.embed, S.layerN, S.final_norm and S.pooled;
//   - trace.safetensors, optional: activations inside the layers;
//   - paper_layout.json, chat_layout.json, tag_layout.json, optional: code with
//     the ids, rows, logits and rewards that it should give.
//
// [Configs] does the same for a folder of config.json variants over one set of
// weights.
//
// # Concurrency
//
// The functions share nothing and are safe for concurrent use.
//
// # Memory
//
// At any time, all hidden states of one sequence are in memory, and all of its
// activations if its layers are on record.
//
// # Errors
//
// An error means that there was nothing to compare: the checkpoint does not
// open, or a file of the reference is missing or malformed. Differences are
// results.
package verify
