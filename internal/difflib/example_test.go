package difflib_test

import (
	"context"
	"fmt"

	"seccodeprm/internal/difflib"
)

func ExampleOpcodes() {
	var in difflib.Interner
	a := in.AppendLines(nil, []byte("one\ntwo\nthree\n"))
	b := in.AppendLines(nil, []byte("one\n2\nthree\nfour\n"))
	codes, err := difflib.Opcodes(context.Background(), a, b, difflib.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range codes {
		fmt.Println(c.Tag, c.A1, c.A2, c.B1, c.B2)
	}
	// Output:
	// equal 0 1 0 1
	// replace 1 2 1 2
	// equal 2 3 2 3
	// insert 3 3 3 4
}
