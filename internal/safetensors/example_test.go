package safetensors_test

import (
	"bytes"
	"fmt"

	"seccodeprm/internal/safetensors"
)

func Example() {
	var file bytes.Buffer
	bias := safetensors.New("score.bias", safetensors.BF16, []int{2}, []byte{0x80, 0x3f, 0x00, 0xc0})
	if err := safetensors.Write(&file, []safetensors.Tensor{bias}, nil); err != nil {
		fmt.Println(err)
		return
	}
	f, err := safetensors.Parse(file.Bytes(), "model.safetensors")
	if err != nil {
		fmt.Println(err)
		return
	}
	t, _ := f.Tensor("score.bias")
	values, err := t.Widen()
	fmt.Println(t.DType, t.Shape, values, err)
	// Output: BF16 [2] [1 -2] <nil>
}
