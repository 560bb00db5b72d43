package lex

// keyword returns the key of a word.
func keyword(syntax Syntax, word []byte) Key {
	n := len(word)
	if n >= longest || keywords.lengths[syntax][word[0]]>>n&1 == 0 {
		return Ident
	}
	for i := hash(word); ; i++ {
		switch w := &keywords.slots[i%slots]; {
		case w.key == 0:
			return Ident
		case w.word == string(word):
			if w.in>>syntax&1 == 0 {
				return Ident
			}
			return w.key
		}
	}
}

// A keywordTable finds keywords. One look tells of most names that they are none.
type keywordTable struct {
	lengths [syntaxes][256]uint32 // bits: the lengths of the keywords that begin so
	slots   [slots]keywordOf      // by hash, or in the next free slot
}

const (
	slots   = 512
	longest = 32 // keywords are shorter
)

type keywordOf struct {
	word string
	key  Key
	in   syntaxSet
}

// hash needs at least two bytes.
func hash(word []byte) uint32 {
	n := len(word)
	return uint32(word[0]) + uint32(word[1])*41 + uint32(word[n-1])*119 + uint32(n)*11
}

var keywords = newKeywordTable()

func newKeywordTable() *keywordTable {
	t := new(keywordTable)
	for _, k := range keywordList {
		for syntax := range t.lengths {
			if k.in>>syntax&1 != 0 {
				t.lengths[syntax][k.word[0]] |= 1 << len(k.word)
			}
		}
		i := hash([]byte(k.word))
		for t.slots[i%slots].key != 0 {
			i++
		}
		t.slots[i%slots] = k
	}
	return t
}

// syntaxSet is a set of syntaxes, a bit each.
type syntaxSet uint16

const (
	inC          syntaxSet = 1 << C
	inPython     syntaxSet = 1 << Python
	inGo         syntaxSet = 1 << Go
	inJava       syntaxSet = 1 << Java
	inJavaScript syntaxSet = 1<<JavaScript | 1<<TypeScript
	inRust       syntaxSet = 1 << Rust
	inKotlin     syntaxSet = 1 << Kotlin
	inScala      syntaxSet = 1 << Scala
)

var keywordList = [...]keywordOf{
	{"static_assert", Attribute, inC},
	{"_Static_assert", Attribute, inC},
	{"__attribute__", Attribute, inC},
	{"__attribute", Attribute, inC},
	{"__declspec", Attribute, inC},
	{"__asm__", Attribute, inC},
	{"__typeof__", Attribute, inC},
	{"__typeof", Attribute, inC},
	{"alignas", Attribute, inC},
	{"decltype", Attribute, inC},
	{"alignof", KwOther, inC},
	{"auto", KwOther, inC},
	{"concept", KwOther, inC},
	{"constexpr", KwOther, inC},
	{"explicit", KwOther, inC},
	{"friend", KwOther, inC},
	{"register", KwOther, inC},
	{"signed", KwOther, inC},
	{"template", KwOther, inC},
	{"typedef", KwOther, inC},
	{"typename", KwOther, inC},
	{"unsigned", KwOther, inC},
	{"virtual", KwOther, inC},
	{"short", KwOther, inC | inJava},
	{"defer", KwOther, inGo},
	{"go", KwOther, inGo},
	{"range", KwOther, inGo},
	{"boolean", KwOther, inJava},
	{"byte", KwOther, inJava},
	{"native", KwOther, inJava},
	{"permits", KwOther, inJava},
	{"synchronized", KwOther, inJava},
	{"throws", KwOther, inJava},
	{"companion", KwOther, inKotlin},
	{"typealias", KwOther, inKotlin},
	{"val", KwOther, inKotlin | inScala},
	{"del", KwOther, inPython},
	{"global", KwOther, inPython},
	{"nonlocal", KwOther, inPython},
	{"assert", KwOther, inPython | inJava},
	{"mut", KwOther, inRust},
	{"ref", KwOther, inRust},
	{"abstract", KwAbstract, inJava | inJavaScript},
	{"accessor", KwAccessor, inJavaScript},
	{"and", KwAnd, inC | inPython},
	{"as", KwAs, inJavaScript | inRust | inKotlin},
	{"asm", KwAsm, inC},
	{"async", KwAsync, inPython | inJavaScript | inRust},
	{"await", KwAwait, inPython | inJavaScript | inRust},
	{"bool", KwBool, inC},
	{"break", KwBreak, inC | inPython | inGo | inJava | inJavaScript | inRust | inKotlin | inScala},
	{"by", KwBy, inKotlin},
	{"case", KwCase, inC | inGo | inJava | inJavaScript | inScala},
	{"catch", KwCatch, inC | inJava | inJavaScript | inKotlin | inScala},
	{"chan", KwChan, inGo},
	{"char", KwChar, inC | inJava},
	{"class", KwClass, inC | inPython | inJava | inJavaScript | inKotlin | inScala},
	{"co_await", KwCoAwait, inC},
	{"co_return", KwCoReturn, inC},
	{"co_yield", KwCoYield, inC},
	{"const", KwConst, inC | inGo | inJavaScript | inRust},
	{"constructor", KwConstructor, inKotlin},
	{"continue", KwContinue, inC | inPython | inGo | inJava | inJavaScript | inRust | inKotlin | inScala},
	{"crate", KwCrate, inRust},
	{"declare", KwDeclare, inJavaScript},
	{"def", KwDef, inPython | inScala},
	{"default", KwDefault, inC | inGo | inJava | inJavaScript},
	{"delete", KwDelete, inC | inJavaScript},
	{"do", KwDo, inC | inJava | inJavaScript | inKotlin | inScala},
	{"double", KwDouble, inC | inJava},
	{"dyn", KwDyn, inRust},
	{"elif", KwElif, inPython},
	{"else", KwElse, inC | inPython | inGo | inJava | inJavaScript | inRust | inKotlin | inScala},
	{"enum", KwEnum, inC | inJava | inJavaScript | inRust | inKotlin | inScala},
	{"except", KwExcept, inPython},
	{"export", KwExport, inC | inJavaScript},
	{"extends", KwExtends, inJava | inJavaScript | inScala},
	{"extern", KwExtern, inC | inRust},
	{"fallthrough", KwFallthrough, inGo},
	{"final", KwFinal, inC | inJava | inScala},
	{"finally", KwFinally, inPython | inJava | inJavaScript | inKotlin | inScala},
	{"float", KwFloat, inC | inJava},
	{"fn", KwFn, inRust},
	{"for", KwFor, inC | inPython | inGo | inJava | inJavaScript | inRust | inKotlin | inScala},
	{"from", KwFrom, inPython | inJavaScript},
	{"fun", KwFun, inKotlin},
	{"func", KwFunc, inGo},
	{"function", KwFunction, inJavaScript},
	{"get", KwGet, inJavaScript},
	{"goto", KwGoto, inC | inGo | inJava | inJavaScript},
	{"if", KwIf, inC | inPython | inGo | inJava | inJavaScript | inRust | inKotlin | inScala},
	{"impl", KwImpl, inRust},
	{"implements", KwImplements, inJava | inJavaScript},
	{"import", KwImport, inPython | inGo | inJava | inJavaScript | inKotlin | inScala},
	{"in", KwIn, inPython | inJavaScript | inRust | inKotlin},
	{"init", KwInit, inKotlin},
	{"inline", KwInline, inC},
	{"instanceof", KwInstanceof, inJava | inJavaScript},
	{"int", KwInt, inC | inJava},
	{"interface", KwInterface, inGo | inJava | inJavaScript | inKotlin},
	{"is", KwIs, inPython | inJavaScript | inKotlin},
	{"lambda", KwLambda, inPython},
	{"let", KwLet, inJavaScript | inRust},
	{"long", KwLong, inC | inJava},
	{"loop", KwLoop, inRust},
	{"macro_rules", KwMacroRules, inRust},
	{"map", KwMap, inGo},
	{"match", KwMatch, inRust | inScala},
	{"mod", KwMod, inRust},
	{"module", KwModule, inJavaScript},
	{"move", KwMove, inRust},
	{"mutable", KwMutable, inC},
	{"namespace", KwNamespace, inC | inJavaScript},
	{"new", KwNew, inC | inJava | inJavaScript},
	{"noexcept", KwNoexcept, inC},
	{"not", KwNot, inC | inPython},
	{"object", KwObject, inKotlin | inScala},
	{"of", KwOf, inJavaScript},
	{"operator", KwOperator, inC},
	{"or", KwOr, inC | inPython},
	{"override", KwOverride, inC},
	{"package", KwPackage, inGo | inJava | inKotlin | inScala},
	{"pass", KwPass, inPython},
	{"private", KwPrivate, inC | inJava | inJavaScript},
	{"protected", KwProtected, inC | inJava | inJavaScript},
	{"pub", KwPub, inRust},
	{"public", KwPublic, inC | inJava | inJavaScript},
	{"raise", KwRaise, inPython},
	{"readonly", KwReadonly, inJavaScript},
	{"record", KwRecord, inJava},
	{"requires", KwRequires, inC},
	{"return", KwReturn, inC | inPython | inGo | inJava | inJavaScript | inRust | inKotlin | inScala},
	{"select", KwSelect, inGo},
	{"self", KwSelf, inRust},
	{"set", KwSet, inJavaScript},
	{"sizeof", KwSizeof, inC},
	{"static", KwStatic, inC | inJava | inJavaScript | inRust},
	{"struct", KwStruct, inC | inGo | inRust},
	{"super", KwSuper, inJava | inJavaScript | inRust | inKotlin | inScala},
	{"switch", KwSwitch, inC | inGo | inJava | inJavaScript},
	{"this", KwThis, inC | inJava | inJavaScript | inKotlin | inScala},
	{"throw", KwThrow, inC | inJava | inJavaScript | inKotlin | inScala},
	{"trait", KwTrait, inRust | inScala},
	{"try", KwTry, inC | inPython | inJava | inJavaScript | inRust | inKotlin | inScala},
	{"type", KwType, inGo | inJavaScript | inRust | inScala},
	{"typeof", KwTypeof, inC | inJavaScript},
	{"union", KwUnion, inC | inRust},
	{"unsafe", KwUnsafe, inRust},
	{"use", KwUse, inRust},
	{"using", KwUsing, inC},
	{"var", KwVar, inGo | inJavaScript | inKotlin | inScala},
	{"void", KwVoid, inC | inJava | inJavaScript},
	{"volatile", KwVolatile, inC},
	{"when", KwWhen, inKotlin},
	{"where", KwWhere, inRust | inKotlin},
	{"while", KwWhile, inC | inPython | inJava | inJavaScript | inRust | inKotlin | inScala},
	{"with", KwWith, inPython | inJavaScript | inScala},
	{"yield", KwYield, inPython | inJava | inJavaScript | inRust | inScala},
}
