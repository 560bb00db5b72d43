package tokenizer_test

import (
	"fmt"
	"log"
	"os"

	"seccodeprm/tokenizer"
)

func Example() {
	t, err := tokenizer.Load(os.DirFS("testdata"), "tokenizer.json")
	if err != nil {
		log.Fatal(err)
	}
	e := t.NewEncoder()
	ids := e.AppendEncode(nil, []byte("return NULL;<|endoftext|>"))
	for _, id := range ids[:4] {
		fmt.Printf("%d %q\n", id, t.AppendDecode(nil, []int32{id}))
	}
	fmt.Println(len(ids), e.AppendEncodeSpecial(nil, []byte("<|endoftext|>")))
	// Output:
	// 261 "re"
	// 354 "turn"
	// 463 " NULL"
	// 26 ";"
	// 11 [2256]
}
