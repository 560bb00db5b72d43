// Package jvm compares what package segment finds in Kotlin and Scala with the
// grammars of tree-sitter, which come with an older binding.
package jvm

import (
	"context"
	"os"
	"strings"
	"testing"

	sitter "github.com/smacker/go-tree-sitter"
	"github.com/smacker/go-tree-sitter/kotlin"
	"github.com/smacker/go-tree-sitter/scala"

	"seccodeprm/segment"
	"seccodeprm/segment/oracle/judge"
)

func TestKotlin(t *testing.T) {
	grammar(t, "Kotlin", segment.Kotlin, kotlin.GetLanguage(), 0.97, 0.96, ".kt")
}

func TestScala(t *testing.T) {
	grammar(t, "Scala", segment.Scala, scala.GetLanguage(), 0.97, 0.96, ".scala")
}

// grammar compares the files that the grammar reads without an error.
func grammar(t *testing.T, name string, lang segment.Language, language *sitter.Language, funcs, calls float64, ext string) {
	parser := sitter.NewParser()
	defer parser.Close()
	parser.SetLanguage(language)
	var r judge.Row
	for _, file := range judge.Corpus(t, ext) {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := parser.ParseCtx(context.Background(), nil, src)
		if err != nil {
			t.Fatal(err)
		}
		if root := tree.RootNode(); root.HasError() || len(src) == 0 {
			r.Skipped++
		} else {
			w := walker{Truth: judge.New(src), src: src}
			w.walk(root)
			r.Compare(file, src, lang, w.Truth)
		}
		tree.Close()
	}
	r.Check(t, name, funcs, calls)
}

type walker struct {
	*judge.Truth
	src []byte
}

// walk visits the node and everything below it.
func (w *walker) walk(n *sitter.Node) {
	start, end := int(n.StartByte()), int(n.EndByte())
	switch n.Type() {
	case "string_literal", "character_literal", "line_comment", "multiline_comment", "value_arguments", "function_value_parameters",
		"primary_constructor", "function_type_parameters", "parenthesized_expression", "indexing_suffix", "type_arguments",
		"type_parameters", "when_subject", "collection_literal",
		"string", "interpolated_string_expression", "comment", "block_comment", "arguments", "parameters", "class_parameters",
		"tuple_expression", "tuple_type", "tuple_pattern":
		w.Paint(start, end, true)
	case "annotation":
		w.Opaque = append(w.Opaque, judge.Span{Start: start, End: end})
	}
	w.function(n)
	w.call(n)
	open := map[string]int{}
	for i := range int(n.ChildCount()) {
		c := n.Child(i)
		switch c.Type() { // brackets that are no node of their own
		case "(", "{":
			open[c.Type()] = int(c.StartByte())
		case ")":
			if at, ok := open["("]; ok {
				w.Paint(at, int(c.EndByte()), true)
			}
		case "}":
			if at, ok := open["{"]; ok {
				w.Paint(at, int(c.EndByte()), false)
			}
		}
	}
	for i := range int(n.ChildCount()) {
		w.walk(n.Child(i))
	}
}

// function records the node if it defines a function with a body in braces.
func (w *walker) function(n *sitter.Node) {
	var name, body *sitter.Node
	switch n.Type() {
	case "function_declaration":
		for i := range int(n.NamedChildCount()) {
			switch c := n.NamedChild(i); c.Type() {
			case "simple_identifier":
				name = c
			case "function_body":
				body = c
			}
		}
	case "function_definition":
		name, body = n.ChildByFieldName("name"), n.ChildByFieldName("body")
	}
	if name != nil && body != nil && w.src[body.StartByte()] == '{' {
		w.Funcs = append(w.Funcs, judge.Named{Name: w.name(name), At: int(body.StartByte())})
	}
}

func (w *walker) name(n *sitter.Node) string { return judge.Squeeze(n.Content(w.src)) }

// call records the node if it calls something by name, with arguments in
// parentheses.
func (w *walker) call(n *sitter.Node) {
	var f *sitter.Node
	switch n.Type() {
	case "call_expression":
		if f = n.ChildByFieldName("function"); f != nil { // Scala
			if a := n.ChildByFieldName("arguments"); a == nil || a.Type() != "arguments" {
				return
			}
		} else if suffix := n.NamedChild(int(n.NamedChildCount()) - 1); has(suffix, "value_arguments") {
			f = n.NamedChild(0)
		}
	case "constructor_invocation":
		if has(n, "value_arguments") && n.Parent().Type() != "annotation" {
			f = n.NamedChild(0)
		}
	case "infix_expression": // a f (b)
		if n.NamedChildCount() == 3 && w.src[n.NamedChild(2).StartByte()] == '(' {
			f = n.NamedChild(1)
		}
	case "instance_expression", "extends_clause":
		if a := n.ChildByFieldName("arguments"); a != nil {
			for i := range int(n.NamedChildCount()) {
				if c := n.NamedChild(i); c.StartByte() < a.StartByte() {
					f = c
				}
			}
		}
	}
	for f != nil {
		switch f.Type() {
		case "simple_identifier", "type_identifier", "identifier":
			if name := w.name(f); name == "this" || name == "super" {
				return
			}
			w.Calls = append(w.Calls, judge.Named{Name: strings.Trim(w.name(f), "`"), At: int(f.StartByte())})
			return
		case "navigation_expression", "navigation_suffix", "stable_type_identifier", "projected_type":
			f = f.NamedChild(int(f.NamedChildCount()) - 1)
		case "user_type": // its last name, before the type arguments
			var last *sitter.Node
			for i := range int(f.NamedChildCount()) {
				if c := f.NamedChild(i); c.Type() == "type_identifier" {
					last = c
				}
			}
			f = last
		case "field_expression":
			f = f.ChildByFieldName("field")
		case "generic_function":
			f = f.ChildByFieldName("function")
		case "generic_type":
			f = f.NamedChild(0)
		default:
			return
		}
	}
}

func has(n *sitter.Node, kind string) bool {
	for i := range int(n.NamedChildCount()) {
		if n.NamedChild(i).Type() == kind {
			return true
		}
	}
	return false
}
