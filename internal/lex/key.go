package lex

// Key says which word or operator a token is. An operator of one byte is that
// byte.
type Key uint16

// The keys of what is neither a keyword nor an operator of one byte.
const (
	Ident     Key = 1 + iota // a word that is no keyword
	Num                      // a number
	Str                      // a literal
	Prefix                   // a word that belongs to the literal behind it
	Compare                  // == != <= >=
	Assign                   // += := and the like
	FatArrow                 // =>
	Arrow                    // ->
	LeftArrow                // <-
	Scope                    // ::
	Inc                      // ++ --
	And                      // &&
	Or                       // ||
	Attribute                // a word before an argument list that is no call: __attribute__, decltype
)

// The keywords, each a key only in the languages that have it.
const (
	KwOther = FirstKeyword + iota // that nobody asks for by name
	KwAbstract
	KwAccessor
	KwAnd
	KwAs
	KwAsm
	KwAsync
	KwBool
	KwBreak
	KwBy
	KwCatch
	KwChan
	KwChar
	KwClass
	KwCoAwait
	KwCoReturn
	KwCoYield
	KwConst
	KwConstructor
	KwContinue
	KwCrate
	KwDeclare
	KwDef
	KwDefault
	KwDouble
	KwDyn
	KwElif
	KwEnum
	KwExcept
	KwExport
	KwExtends
	KwExtern
	KwFallthrough
	KwFinal
	KwFinally
	KwFloat
	KwFn
	KwFor
	KwFrom
	KwFun
	KwFunc
	KwFunction
	KwGet
	KwGoto
	KwIf
	KwImpl
	KwImplements
	KwImport
	KwInit
	KwInline
	KwInt
	KwInterface
	KwIs
	KwLambda
	KwLet
	KwLong
	KwLoop
	KwMacroRules
	KwMap
	KwMatch
	KwMod
	KwModule
	KwMove
	KwMutable
	KwNamespace
	KwNoexcept
	KwNot
	KwObject
	KwOperator
	KwOr
	KwOverride
	KwPackage
	KwPass
	KwPrivate
	KwProtected
	KwPub
	KwPublic
	KwRaise
	KwReadonly
	KwRecord
	KwRequires
	KwSelect
	KwSelf
	KwSet
	KwSizeof
	KwStatic
	KwStruct
	KwSuper
	KwSwitch
	KwThis
	KwTrait
	KwTry
	KwType
	KwUnion
	KwUnsafe
	KwUse
	KwUsing
	KwVar
	KwVolatile
	KwWhen
	KwWhere
	KwWhile
	KwWith
	KwAwait
	KwCase
	KwDelete
	KwDo
	KwElse
	KwIn
	KwInstanceof
	KwNew
	KwOf
	KwReturn
	KwThrow
	KwTypeof
	KwVoid
	KwYield

	firstOperator = KwAwait
	lastOperator  = KwYield
)

// FirstKeyword is the least key of a keyword.
const FirstKeyword Key = 256

// languages holds the syntaxes of a keyword, one bit each.
type languages uint16

const (
	inC languages = 1 << iota
	inPython
	inGo
	inJava
	inJavaScript
	inRust
	inKotlin
	inScala
)

// keyword returns the key of a word.
func keyword(syntax Syntax, word []byte) Key {
	if len(word) < 2 || len(word) > 13 || word[0] < '_' {
		return Ident
	}
	key, in := Ident, languages(0)
	switch string(word) {
	case "static_assert", "_Static_assert", "__attribute__", "__attribute", "__declspec", "__asm__", "__typeof__", "__typeof", "alignas", "decltype":
		key, in = Attribute, inC
	case "alignof", "auto", "concept", "constexpr", "explicit", "friend", "register", "signed", "template", "typedef", "typename", "unsigned", "virtual":
		key, in = KwOther, inC
	case "short":
		key, in = KwOther, inC|inJava
	case "defer", "go", "range":
		key, in = KwOther, inGo
	case "boolean", "byte", "native", "permits", "synchronized", "throws":
		key, in = KwOther, inJava
	case "companion", "typealias":
		key, in = KwOther, inKotlin
	case "val":
		key, in = KwOther, inKotlin|inScala
	case "del", "global", "nonlocal":
		key, in = KwOther, inPython
	case "assert":
		key, in = KwOther, inPython|inJava
	case "mut", "ref":
		key, in = KwOther, inRust
	case "abstract":
		key, in = KwAbstract, inJava|inJavaScript
	case "accessor":
		key, in = KwAccessor, inJavaScript
	case "and":
		key, in = KwAnd, inC|inPython
	case "as":
		key, in = KwAs, inJavaScript|inRust|inKotlin
	case "asm":
		key, in = KwAsm, inC
	case "async":
		key, in = KwAsync, inPython|inJavaScript|inRust
	case "await":
		key, in = KwAwait, inPython|inJavaScript|inRust
	case "bool":
		key, in = KwBool, inC
	case "break":
		key, in = KwBreak, inC|inPython|inGo|inJava|inJavaScript|inRust|inKotlin|inScala
	case "by":
		key, in = KwBy, inKotlin
	case "case":
		key, in = KwCase, inC|inGo|inJava|inJavaScript|inScala
	case "catch":
		key, in = KwCatch, inC|inJava|inJavaScript|inKotlin|inScala
	case "chan":
		key, in = KwChan, inGo
	case "char":
		key, in = KwChar, inC|inJava
	case "class":
		key, in = KwClass, inC|inPython|inJava|inJavaScript|inKotlin|inScala
	case "co_await":
		key, in = KwCoAwait, inC
	case "co_return":
		key, in = KwCoReturn, inC
	case "co_yield":
		key, in = KwCoYield, inC
	case "const":
		key, in = KwConst, inC|inGo|inJavaScript|inRust
	case "constructor":
		key, in = KwConstructor, inKotlin
	case "continue":
		key, in = KwContinue, inC|inPython|inGo|inJava|inJavaScript|inRust|inKotlin|inScala
	case "crate":
		key, in = KwCrate, inRust
	case "declare":
		key, in = KwDeclare, inJavaScript
	case "def":
		key, in = KwDef, inPython|inScala
	case "default":
		key, in = KwDefault, inC|inGo|inJava|inJavaScript
	case "delete":
		key, in = KwDelete, inC|inJavaScript
	case "do":
		key, in = KwDo, inC|inJava|inJavaScript|inKotlin|inScala
	case "double":
		key, in = KwDouble, inC|inJava
	case "dyn":
		key, in = KwDyn, inRust
	case "elif":
		key, in = KwElif, inPython
	case "else":
		key, in = KwElse, inC|inPython|inGo|inJava|inJavaScript|inRust|inKotlin|inScala
	case "enum":
		key, in = KwEnum, inC|inJava|inJavaScript|inRust|inKotlin|inScala
	case "except":
		key, in = KwExcept, inPython
	case "export":
		key, in = KwExport, inC|inJavaScript
	case "extends":
		key, in = KwExtends, inJava|inJavaScript|inScala
	case "extern":
		key, in = KwExtern, inC|inRust
	case "fallthrough":
		key, in = KwFallthrough, inGo
	case "final":
		key, in = KwFinal, inC|inJava|inScala
	case "finally":
		key, in = KwFinally, inPython|inJava|inJavaScript|inKotlin|inScala
	case "float":
		key, in = KwFloat, inC|inJava
	case "fn":
		key, in = KwFn, inRust
	case "for":
		key, in = KwFor, inC|inPython|inGo|inJava|inJavaScript|inRust|inKotlin|inScala
	case "from":
		key, in = KwFrom, inPython|inJavaScript
	case "fun":
		key, in = KwFun, inKotlin
	case "func":
		key, in = KwFunc, inGo
	case "function":
		key, in = KwFunction, inJavaScript
	case "get":
		key, in = KwGet, inJavaScript
	case "goto":
		key, in = KwGoto, inC|inGo|inJava|inJavaScript
	case "if":
		key, in = KwIf, inC|inPython|inGo|inJava|inJavaScript|inRust|inKotlin|inScala
	case "impl":
		key, in = KwImpl, inRust
	case "implements":
		key, in = KwImplements, inJava|inJavaScript
	case "import":
		key, in = KwImport, inPython|inGo|inJava|inJavaScript|inKotlin|inScala
	case "in":
		key, in = KwIn, inPython|inJavaScript|inRust|inKotlin
	case "init":
		key, in = KwInit, inKotlin
	case "inline":
		key, in = KwInline, inC
	case "instanceof":
		key, in = KwInstanceof, inJava|inJavaScript
	case "int":
		key, in = KwInt, inC|inJava
	case "interface":
		key, in = KwInterface, inGo|inJava|inJavaScript|inKotlin
	case "is":
		key, in = KwIs, inPython|inJavaScript|inKotlin
	case "lambda":
		key, in = KwLambda, inPython
	case "let":
		key, in = KwLet, inJavaScript|inRust
	case "long":
		key, in = KwLong, inC|inJava
	case "loop":
		key, in = KwLoop, inRust
	case "macro_rules":
		key, in = KwMacroRules, inRust
	case "map":
		key, in = KwMap, inGo
	case "match":
		key, in = KwMatch, inRust|inScala
	case "mod":
		key, in = KwMod, inRust
	case "module":
		key, in = KwModule, inJavaScript
	case "move":
		key, in = KwMove, inRust
	case "mutable":
		key, in = KwMutable, inC
	case "namespace":
		key, in = KwNamespace, inC|inJavaScript
	case "new":
		key, in = KwNew, inC|inJava|inJavaScript
	case "noexcept":
		key, in = KwNoexcept, inC
	case "not":
		key, in = KwNot, inC|inPython
	case "object":
		key, in = KwObject, inKotlin|inScala
	case "of":
		key, in = KwOf, inJavaScript
	case "operator":
		key, in = KwOperator, inC
	case "or":
		key, in = KwOr, inC|inPython
	case "override":
		key, in = KwOverride, inC
	case "package":
		key, in = KwPackage, inGo|inJava|inKotlin|inScala
	case "pass":
		key, in = KwPass, inPython
	case "private":
		key, in = KwPrivate, inC|inJava|inJavaScript
	case "protected":
		key, in = KwProtected, inC|inJava|inJavaScript
	case "pub":
		key, in = KwPub, inRust
	case "public":
		key, in = KwPublic, inC|inJava|inJavaScript
	case "raise":
		key, in = KwRaise, inPython
	case "readonly":
		key, in = KwReadonly, inJavaScript
	case "record":
		key, in = KwRecord, inJava
	case "requires":
		key, in = KwRequires, inC
	case "return":
		key, in = KwReturn, inC|inPython|inGo|inJava|inJavaScript|inRust|inKotlin|inScala
	case "select":
		key, in = KwSelect, inGo
	case "self":
		key, in = KwSelf, inRust
	case "set":
		key, in = KwSet, inJavaScript
	case "sizeof":
		key, in = KwSizeof, inC
	case "static":
		key, in = KwStatic, inC|inJava|inJavaScript|inRust
	case "struct":
		key, in = KwStruct, inC|inGo|inRust
	case "super":
		key, in = KwSuper, inJava|inJavaScript|inRust|inKotlin|inScala
	case "switch":
		key, in = KwSwitch, inC|inGo|inJava|inJavaScript
	case "this":
		key, in = KwThis, inC|inJava|inJavaScript|inKotlin|inScala
	case "throw":
		key, in = KwThrow, inC|inJava|inJavaScript|inKotlin|inScala
	case "trait":
		key, in = KwTrait, inRust|inScala
	case "try":
		key, in = KwTry, inC|inPython|inJava|inJavaScript|inRust|inKotlin|inScala
	case "type":
		key, in = KwType, inGo|inJavaScript|inRust|inScala
	case "typeof":
		key, in = KwTypeof, inC|inJavaScript
	case "union":
		key, in = KwUnion, inC|inRust
	case "unsafe":
		key, in = KwUnsafe, inRust
	case "use":
		key, in = KwUse, inRust
	case "using":
		key, in = KwUsing, inC
	case "var":
		key, in = KwVar, inGo|inJavaScript|inKotlin|inScala
	case "void":
		key, in = KwVoid, inC|inJava|inJavaScript
	case "volatile":
		key, in = KwVolatile, inC
	case "when":
		key, in = KwWhen, inKotlin
	case "where":
		key, in = KwWhere, inRust|inKotlin
	case "while":
		key, in = KwWhile, inC|inPython|inJava|inJavaScript|inRust|inKotlin|inScala
	case "with":
		key, in = KwWith, inPython|inJavaScript|inScala
	case "yield":
		key, in = KwYield, inPython|inJava|inJavaScript|inRust|inScala
	}
	if in&(1<<syntax) == 0 {
		return Ident
	}
	return key
}
