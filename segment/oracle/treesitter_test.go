package oracle

import (
	"os"
	"testing"
	"unsafe"

	sitter "github.com/tree-sitter/go-tree-sitter"
	c "github.com/tree-sitter/tree-sitter-c/bindings/go"
	cpp "github.com/tree-sitter/tree-sitter-cpp/bindings/go"
	java "github.com/tree-sitter/tree-sitter-java/bindings/go"
	javascript "github.com/tree-sitter/tree-sitter-javascript/bindings/go"
	rust "github.com/tree-sitter/tree-sitter-rust/bindings/go"
	typescript "github.com/tree-sitter/tree-sitter-typescript/bindings/go"

	"seccodeprm/segment"
	"seccodeprm/segment/oracle/judge"
)

func TestC(t *testing.T)    { grammar(t, "C", segment.C, c.Language(), 0.995, 0.99, ".c") }
func TestCPP(t *testing.T)  { grammar(t, "C++", segment.CPP, cpp.Language(), 0.97, 0.96, ".cc", ".cpp") }
func TestJava(t *testing.T) { grammar(t, "Java", segment.Java, java.Language(), 0.995, 0.99, ".java") }
func TestRust(t *testing.T) { grammar(t, "Rust", segment.Rust, rust.Language(), 0.995, 0.96, ".rs") }
func TestJavaScript(t *testing.T) {
	grammar(t, "JavaScript", segment.JavaScript, javascript.Language(), 0.97, 0.96, ".js", ".mjs", ".jsx")
}
func TestTypeScript(t *testing.T) {
	grammar(t, "TypeScript", segment.TypeScript, typescript.LanguageTypescript(), 0.97, 0.96, ".ts")
}

// grammar compares the files that the grammar reads without an error.
func grammar(t *testing.T, name string, lang segment.Language, language unsafe.Pointer, funcs, calls float64, ext ...string) {
	parser := sitter.NewParser()
	defer parser.Close()
	if err := parser.SetLanguage(sitter.NewLanguage(language)); err != nil {
		t.Fatal(err)
	}
	var r judge.Row
	for _, file := range judge.Corpus(t, ext...) {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tree := parser.Parse(src, nil)
		if root := tree.RootNode(); root.HasError() || len(src) == 0 {
			r.Skipped++
		} else {
			tr := judge.New(src)
			w := walker{Truth: tr, src: src}
			w.walk(root)
			r.Compare(file, src, lang, tr)
		}
		tree.Close()
	}
	r.Check(t, name, funcs, calls)
}

type walker struct {
	*judge.Truth
	src []byte
}

func (w *walker) text(n *sitter.Node) string { return string(w.src[n.StartByte():n.EndByte()]) }

// walk visits the node and everything below it.
func (w *walker) walk(n *sitter.Node) {
	start, end := int(n.StartByte()), int(n.EndByte())
	switch n.Kind() {
	case "string_literal", "char_literal", "raw_string_literal", "comment", "line_comment", "block_comment", "string", "template_string",
		"regex", "text_block", "jsx_element", "jsx_self_closing_element", "system_lib_string", "character_literal", "concatenated_string",
		"argument_list", "arguments", "parameter_list", "formal_parameters", "parameters", "parenthesized_expression",
		"initializer_list", "enumerator_list", "subscript_argument_list", "array", "array_initializer", "object", "object_pattern",
		"preproc_def", "preproc_function_def", "token_tree", "macro_definition", "field_initializer_list",
		"enum_variant_list", "field_declaration_list_rust", "array_expression", "tuple_expression", "annotation_argument_list",
		"template_parameter_list", "template_argument_list", "type_parameters", "type_arguments", "resource_specification":
		w.Paint(start, end, true)
	case "compound_statement", "statement_block", "block", "class_body", "declaration_list", "match_block", "constructor_body",
		"interface_body", "switch_block", "lambda_expression_body":
		w.Paint(start, end, false)
	case "field_declaration_list":
		w.Paint(start, end, false)
	}
	switch n.Kind() {
	case "token_tree", "macro_definition", "attribute_item", "inner_attribute_item", "attribute_specifier", "preproc_if", "preproc_elif":
		if n.Kind() == "preproc_if" || n.Kind() == "preproc_elif" {
			if cond := n.ChildByFieldName("condition"); cond != nil {
				w.Opaque = append(w.Opaque, judge.Span{Start: int(cond.StartByte()), End: int(cond.EndByte())})
			}
			break
		}
		w.Opaque = append(w.Opaque, judge.Span{Start: start, End: end})
	}
	w.function(n)
	w.call(n)
	for i := uint(0); i < n.ChildCount(); i++ {
		if n.FieldNameForChild(uint32(i)) == "condition" && (n.Kind() == "preproc_if" || n.Kind() == "preproc_elif") {
			continue
		}
		if n.Kind() == "attribute_specifier" || n.Kind() == "attribute_item" {
			break
		}
		w.walk(n.Child(i))
	}
}

// function records the node if it defines a function with a body.
func (w *walker) function(n *sitter.Node) {
	body := n.ChildByFieldName("body")
	if body == nil {
		return
	}
	var name *sitter.Node
	switch n.Kind() {
	case "function_definition":
		name = declared(n.ChildByFieldName("declarator"))
		if body.Kind() == "try_statement" {
			body = body.ChildByFieldName("body")
		}
	case "method_declaration", "constructor_declaration", "compact_constructor_declaration", "function_item",
		"function_declaration", "generator_function_declaration", "method_definition":
		name = n.ChildByFieldName("name")
	case "function_expression", "generator_function", "arrow_function":
		if body.Kind() != "statement_block" {
			return
		}
		if name = n.ChildByFieldName("name"); name == nil {
			name = bound(n)
		}
	}
	if name != nil && name.Kind() == "operator_cast" {
		w.Funcs = append(w.Funcs, judge.Named{Name: judge.Squeeze("operator " + w.text(name.ChildByFieldName("type"))), At: int(body.StartByte())})
	} else if name != nil {
		w.Funcs = append(w.Funcs, judge.Named{Name: judge.Squeeze(w.text(name)), At: int(body.StartByte())})
	}
}

// bound is the name that a nameless function is given.
func bound(n *sitter.Node) *sitter.Node {
	p := n.Parent()
	var name *sitter.Node
	switch p.Kind() {
	case "variable_declarator":
		name = p.ChildByFieldName("name")
	case "pair":
		name = p.ChildByFieldName("key")
	case "assignment_expression", "assignment_pattern":
		if name = p.ChildByFieldName("left"); name != nil && name.Kind() == "member_expression" {
			name = name.ChildByFieldName("property")
		}
	case "field_definition", "public_field_definition":
		if name = p.ChildByFieldName("property"); name == nil {
			name = p.ChildByFieldName("name")
		}
	}
	if name != nil {
		switch name.Kind() {
		case "identifier", "property_identifier", "private_property_identifier":
			return name
		}
	}
	return nil
}

// declared is the name of a declarator of C or C++.
func declared(n *sitter.Node) *sitter.Node {
	for n != nil {
		switch n.Kind() {
		case "identifier", "field_identifier", "destructor_name", "operator_name", "type_identifier", "operator_cast":
			return n
		case "qualified_identifier", "template_function", "template_method":
			n = n.ChildByFieldName("name")
		default:
			if d := n.ChildByFieldName("declarator"); d != nil {
				n = d
			} else {
				n = n.NamedChild(n.NamedChildCount() - 1)
			}
		}
	}
	return nil
}

// call records the node if it calls something by name.
func (w *walker) call(n *sitter.Node) {
	var f *sitter.Node
	switch n.Kind() {
	case "call_expression":
		f = n.ChildByFieldName("function")
		if a := n.ChildByFieldName("arguments"); a == nil || a.Kind() == "template_string" {
			return
		}
	case "method_invocation":
		f = n.ChildByFieldName("name")
	case "new_expression":
		if n.ChildByFieldName("arguments") == nil {
			return
		}
		if f = n.ChildByFieldName("constructor"); f == nil {
			f = n.ChildByFieldName("type")
		}
		if a := n.ChildByFieldName("arguments"); a.Kind() == "initializer_list" {
			return
		}
	case "object_creation_expression":
		f = n.ChildByFieldName("type")
	default:
		return
	}
	for f != nil {
		switch f.Kind() {
		case "identifier", "field_identifier", "property_identifier", "private_property_identifier", "type_identifier":
			name := w.text(f)
			at := int(f.StartByte())
			if f.Kind() == "private_property_identifier" {
				name, at = name[1:], at+1
			}
			w.Calls = append(w.Calls, judge.Named{Name: name, At: at})
			return
		case "field_expression":
			f = f.ChildByFieldName("field")
		case "member_expression":
			f = f.ChildByFieldName("property")
		case "scoped_identifier", "qualified_identifier", "template_function", "template_method", "template_type":
			f = f.ChildByFieldName("name")
		case "dependent_name":
			f = f.NamedChild(0)
		case "generic_function":
			f = f.ChildByFieldName("function")
		case "generic_type":
			f = f.NamedChild(0)
		case "scoped_type_identifier":
			f = f.NamedChild(f.NamedChildCount() - 1)
		default:
			return
		}
	}
}
