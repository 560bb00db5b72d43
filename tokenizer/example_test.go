package tokenizer_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"slices"

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

// Code as it is typed: what Append gives is final, the tail is not.
func ExampleStream() {
	t, err := tokenizer.Load(os.DirFS("testdata"), "tokenizer.json")
	if err != nil {
		log.Fatal(err)
	}
	s := t.NewStream()
	var ids []int32
	for _, part := range []string{"if (len", "gth > 0", ") {\n"} {
		ids = s.Append(ids, []byte(part))
		tail := s.AppendTail(nil)
		fmt.Printf("%q %q\n", t.AppendDecode(nil, ids), t.AppendDecode(nil, tail))
	}
	c := s.Checkpoint()
	for _, branch := range []string{"\treturn", "}"} {
		ids = s.Append(ids[:s.Len()], []byte(branch))
		fmt.Printf("%q\n", t.AppendDecode(nil, s.AppendTail(ids)))
		s.Rewind(c)
	}
	// Output:
	// "if (" "len"
	// "if (length > " "0"
	// "if (length > 0)" " {\n"
	// "if (length > 0) {\n\treturn"
	// "if (length > 0) {\n}"
}

func ExampleEncoder_AppendEncodeSpans() {
	t, err := tokenizer.Load(os.DirFS("testdata"), "tokenizer.json")
	if err != nil {
		log.Fatal(err)
	}
	text := []byte("return nil")
	_, spans := t.NewEncoder().AppendEncodeSpans(nil, nil, text)
	for _, s := range spans {
		fmt.Printf("%d-%d %q\n", s.Start, s.End, text[s.Start:s.End])
	}
	// Output:
	// 0-2 "re"
	// 2-6 "turn"
	// 6-10 " nil"
}

func ExampleTrain() {
	texts := slices.Values([][]byte{[]byte("int main(void) { return print(print); }")})
	file, err := tokenizer.Train(context.Background(), texts, tokenizer.TrainOptions{Merges: 20, Special: []string{"<|endoftext|>"}})
	if err != nil {
		log.Fatal(err)
	}
	t, err := tokenizer.Parse(file)
	if err != nil {
		log.Fatal(err)
	}
	for _, id := range t.NewEncoder().AppendEncode(nil, []byte("print(int)")) {
		fmt.Printf("%q ", t.AppendDecode(nil, []int32{id}))
	}
	fmt.Println(t.VocabSize())
	// Output: "print" "(" "int" ")" 261
}
