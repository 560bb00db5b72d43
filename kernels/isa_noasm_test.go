//go:build (!amd64 && !arm64) || purego

package kernels

import "testing"

func isas() []string { return []string{isaGeneric} }

func useISA(testing.TB, string) {}

func int8ISAs() []string { return []string{isaGeneric} }
