package dataset

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"seccodeprm/segment"
)

// Recipe says how to train a model on rows in the paper's two stages: first the
// head alone, then all weights.
type Recipe struct {
	Model     string // Hugging Face name or folder of the base model
	GPUs      int    // of one machine; 0 means 4, as in the paper
	Train     string // file or pattern of the rows, relative to the folder of the recipe
	Eval      string // the same for evaluation; may be empty
	Separator string // "\n\n" if empty
	Prompt    string // of the rows; Prompt if empty
	Segment   string // name of the policy that cut the rows, see segment.ParsePolicy; "paper" if empty

	// Released uses the learning rate of the released script for stage 2, 5e-7,
	// instead of the paper's 1e-6.
	Released bool
}

// TRL is the version that the recipe requires: the last one with a PRMTrainer.
const TRL = "1.13.0"

// PRMConfig holds the arguments of TRL's class of that name.
type PRMConfig struct {
	OutputDir     string  `json:"output_dir"`
	LearningRate  float64 `json:"learning_rate"`
	Epochs        int     `json:"num_train_epochs"`
	Schedule      string  `json:"lr_scheduler_type"`
	WarmupSteps   int     `json:"warmup_steps"`
	Beta1         float64 `json:"adam_beta1"`
	Beta2         float64 `json:"adam_beta2"`
	Decay         float64 `json:"weight_decay"`
	Batch         int     `json:"per_device_train_batch_size"`
	Accumulate    int     `json:"gradient_accumulation_steps"`
	BF16          bool    `json:"bf16"`
	Checkpointing bool    `json:"gradient_checkpointing"`
	MaxLength     int     `json:"max_length"`
	MaxCompletion *int    `json:"max_completion_length"`
	LastStepOnly  bool    `json:"train_on_last_step_only"`
	Separator     string  `json:"step_separator"`
	Seed          int     `json:"seed"`
	SaveStrategy  string  `json:"save_strategy"`
	ReportTo      string  `json:"report_to"`
}

// Stage returns the configuration of stage 1 or 2: constant learning rate
// without warm-up, Adam (0.9, 0.95), weight decay 0.1, 8 sequences per GPU and
// step (one at a time), 128,000 tokens, bfloat16. TRL's max_completion_length
// stays off: the paper's 8,000 would truncate longer functions and drop their
// last labels.
func (r *Recipe) Stage(stage int) PRMConfig {
	c := PRMConfig{
		OutputDir: fmt.Sprintf("stage%d", stage), LearningRate: 1e-4, Epochs: 3,
		Schedule: "constant", Beta1: 0.9, Beta2: 0.95, Decay: 0.1, Batch: 1, Accumulate: 8,
		BF16: true, Checkpointing: true, MaxLength: 128000, Separator: r.separator(),
		Seed: 42, SaveStrategy: "epoch", ReportTo: "none",
	}
	if stage == 2 {
		c.LearningRate, c.Epochs = 1e-6, 1
		if r.Released {
			c.LearningRate = 5e-7
		}
	}
	return c
}

func (r *Recipe) separator() string {
	return cmp.Or(r.Separator, "\n\n")
}

// Write writes the files of the recipe into a folder: stage1.json and
// stage2.json (PRMConfig), zero2.yaml (accelerate, DeepSpeed ZeRO-2),
// train_prm.py, requirements.txt, train.sh, which runs both stages, and
// seccodeprm.json, which belongs to the checkpoint and records the prompt
// format it expects. Errors are ErrRule and file system errors.
func (r *Recipe) Write(dir string) error {
	gpus := r.GPUs
	if gpus == 0 {
		gpus = 4
	}
	if gpus < 0 || r.Model == "" || r.Train == "" {
		return fmt.Errorf("%w: recipe for model %q on %d GPUs with rows %q", ErrRule, r.Model, gpus, r.Train)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	files := map[string]string{
		"zero2.yaml":       fmt.Sprintf(zero2, gpus),
		"train_prm.py":     trainPRM,
		"requirements.txt": "trl==" + TRL + "\naccelerate\ndeepspeed\n",
		"train.sh":         r.script(),
	}
	for name, v := range map[string]any{
		"stage1.json": r.Stage(1),
		"stage2.json": r.Stage(2),
		"seccodeprm.json": map[string]any{
			"version": 1, "layout": "appended", "separator": r.separator(),
			"prompt": cmp.Or(r.Prompt, Prompt), "segment": cmp.Or(r.Segment, segment.Paper),
		},
	} {
		data, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return err
		}
		files[name] = string(data) + "\n"
	}
	for name, text := range files {
		mode := os.FileMode(0o644)
		if name == "train.sh" {
			mode = 0o755
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			return err
		}
	}
	return nil
}

// script returns the script that launches both stages. The separator is quoted
// as $'...', because within '...' and "..." a shell keeps \n as two characters.
func (r *Recipe) script() string {
	line := func(model string, stage int) string {
		eval := ""
		if r.Eval != "" {
			eval = " --eval " + quote(r.Eval)
		}
		return fmt.Sprintf("accelerate launch --config_file zero2.yaml train_prm.py --stage %d --model %s --train %s%s --step_separator %s\n",
			stage, model, quote(r.Train), eval, ansiQuote(r.separator()))
	}
	return "#!/usr/bin/env bash\n# pip install -r requirements.txt first.\nset -euo pipefail\ncd \"$(dirname \"$0\")\"\n" +
		line(quote(r.Model), 1) + line("stage1", 2)
}

// quote quotes a word for a shell.
func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// ansiQuote quotes a word for bash and escapes its line breaks.
func ansiQuote(word string) string {
	r := strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
	return "$'" + r.Replace(word) + "'"
}

const zero2 = `compute_environment: LOCAL_MACHINE
debug: false
deepspeed_config:
  deepspeed_multinode_launcher: standard
  offload_optimizer_device: none
  offload_param_device: none
  zero3_init_flag: false
  zero_stage: 2
distributed_type: DEEPSPEED
downcast_bf16: 'no'
machine_rank: 0
main_training_function: main
mixed_precision: bf16
num_machines: 1
num_processes: %d
rdzv_backend: static
same_network: true
use_cpu: false
`

const trainPRM = `"""Train a process reward model on rows of prompt, completions and labels."""

import argparse
import json
import shutil

from datasets import load_dataset
from transformers import AutoModelForTokenClassification, AutoTokenizer
from trl.experimental.prm import PRMConfig, PRMTrainer

parser = argparse.ArgumentParser()
parser.add_argument("--stage", type=int, choices=[1, 2], required=True)
parser.add_argument("--model", required=True)
parser.add_argument("--train", required=True)
parser.add_argument("--eval")
parser.add_argument("--step_separator", required=True)
args = parser.parse_args()

with open(f"stage{args.stage}.json") as f:
    config = json.load(f)
if config["step_separator"] != args.step_separator:
    raise SystemExit(f"step_separator is {args.step_separator!r}, the rows want {config['step_separator']!r}")

tokenizer = AutoTokenizer.from_pretrained(args.model)
model = AutoModelForTokenClassification.from_pretrained(args.model, num_labels=2)
if args.stage == 1:
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.startswith("score.")

files = {"train": args.train}
if args.eval:
    files["eval"] = args.eval
columns = ["prompt", "completions", "labels"]
data = load_dataset("json", data_files=files).select_columns(columns)
trainer = PRMTrainer(
    model=model,
    args=PRMConfig(**config),
    train_dataset=data["train"],
    eval_dataset=data.get("eval"),
    processing_class=tokenizer,
)
trainer.train()
trainer.save_model(config["output_dir"])
if trainer.accelerator.is_main_process:
    tokenizer.save_pretrained(config["output_dir"])
    shutil.copy("seccodeprm.json", config["output_dir"])
`
