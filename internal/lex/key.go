package lex

// Key says which word or operator a token is. The key of an operator of one byte
// is that byte.
type Key uint16

// The keys of tokens that are neither keywords nor operators of one byte.
const (
	Ident     Key = 1 + iota // a word that is not a keyword
	Num                      // a number
	Str                      // a literal
	Prefix                   // a word that belongs to the literal after it
	Compare                  // == != <= >=
	Assign                   // += := and the like
	FatArrow                 // =>
	Arrow                    // ->
	LeftArrow                // <-
	Scope                    // ::
	Inc                      // ++ --
	And                      // &&
	Or                       // ||
	Attribute                // a word before an argument list that is not a call: __attribute__, decltype
)

// The keywords. A word has such a key only in the languages where it is one.
const (
	KwOther = FirstKeyword + iota // keywords that nobody asks for by name
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
