package openai_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"seccodeprm/prm/search"
	"seccodeprm/prm/search/openai"
)

// Ask an endpoint for two continuations.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"choices":[{"index":0,"text":"return 0;","finish_reason":"stop"},{"index":1,"text":"abort();","finish_reason":"stop"}],"usage":{"completion_tokens":7}}`)
	}))
	defer server.Close() // in production, a server such as vLLM or llama.cpp

	g, err := openai.New(server.URL+"/v1", &openai.Options{Model: "Qwen/Qwen2.5-Coder-7B"})
	if err != nil {
		log.Fatal(err)
	}
	answers, err := g.Propose(context.Background(), []search.Request{{Prefix: []byte("int main(void)\n{\n"), N: 2}})
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range answers[0] {
		fmt.Printf("%q, %d tokens\n", p.Text, p.Tokens)
	}
	// Output:
	// "return 0;\n\n", 4 tokens
	// "abort();\n\n", 3 tokens
}
