package segment

import (
	"bytes"

	"seccodeprm/internal/lex"
)

// DetectLanguage returns the language of a file by its name and, if the name
// leaves it open, by its content: a line that names an interpreter, and lines
// such as only one language has. A header ".h" that contains C++ is C++. Prose is
// Unknown, and so is a source too short to tell. Only the first 64 KiB count.
func DetectLanguage(name string, src []byte) Language {
	byName := LanguageOf(name)
	if byName != Unknown && byName != C {
		return byName
	}
	src = lex.TrimMark(src[:min(len(src), 64<<10)])
	if byName == C {
		if name[len(name)-1] == 'h' && marksOf(src)[CPP] > 0 {
			return CPP
		}
		return C
	}
	if bytes.HasPrefix(src, []byte("#!")) {
		line := src[:lineEnd(src, 0)]
		switch {
		case bytes.Contains(line, []byte("python")):
			return Python
		case bytes.Contains(line, []byte("node")), bytes.Contains(line, []byte("deno")), bytes.Contains(line, []byte("bun")):
			return JavaScript
		}
	}
	marks := marksOf(src)
	if marks[CPP] > 0 { // what both have in common counts for C
		marks[CPP] += marks[C]
	}
	if marks[TypeScript] > 0 {
		marks[TypeScript] += marks[JavaScript]
	}
	if marks[TSX] > 0 && marks[TypeScript] > 0 {
		marks[TSX] += marks[TypeScript]
	} else {
		marks[TSX] = 0
	}
	best := Unknown
	for l := range marks {
		if marks[l] > marks[best] {
			best = Language(l)
		}
	}
	if marks[best] < 2 {
		return Unknown
	}
	return best
}

// marksOf counts the lines that speak for each language.
func marksOf(src []byte) (marks [len(lex.Languages)]int) {
	for pos := 0; pos < len(src); {
		end := lineEnd(src, pos)
		line := bytes.TrimSpace(src[pos:end])
		pos = end
		for _, s := range signs {
			if bytes.HasPrefix(line, []byte(s.start)) && bytes.HasSuffix(line, []byte(s.end)) && bytes.Contains(line, []byte(s.has)) {
				marks[s.lang] += s.weight
				break
			}
		}
	}
	return marks
}

// signs are how a line begins and ends, and what it contains, in one language
// and hardly in another. The first that fits a line counts.
var signs = []struct {
	start, has, end string
	lang            Language
	weight          int
}{
	{"#include ", "", "", C, 2}, {"#ifdef ", "", "", C, 1}, {"#ifndef ", "", "", C, 1}, {"#define ", "", "", C, 1},
	{"typedef struct", "", "", C, 2}, {"struct ", "", "{", C, 1}, {"static int ", "", "", C, 1}, {"static void ", "(", "", C, 1},
	{"int main(", "", "", C, 2}, {"void ", "(", "", C, 1}, {"char *", "", "", C, 1}, {"unsigned ", "", ";", C, 1},
	{"template <", "", "", CPP, 2}, {"template<", "", "", CPP, 2}, {"using namespace ", "", ";", CPP, 2}, {"namespace ", "", "{", CPP, 2},
	{"std::", "", "", CPP, 2}, {"public:", "", "", CPP, 1}, {"private:", "", "", CPP, 1}, {"class ", "public ", "{", CPP, 1},
	{"def ", "(", ":", Python, 2}, {"async def ", "", ":", Python, 2}, {"elif ", "", ":", Python, 2}, {"from ", " import ", "", Python, 1},
	{"if __name__ ==", "", "", Python, 3}, {"class ", "", ":", Python, 2}, {"except", "", ":", Python, 2}, {"with ", " as ", ":", Python, 2},
	{"package ", "", ";", Java, 2}, {"import java", "", ";", Java, 3}, {"import ", ".", ";", Java, 1}, {"public class ", "", "", Java, 2},
	{"public static ", "(", "{", Java, 2}, {"@Override", "", "", Java, 1}, {"private final ", "", ";", Java, 2}, {"public interface ", "", "{", Java, 2},
	{"func ", "(", "{", Go, 2}, {"type ", " struct", "{", Go, 2}, {"package main", "", "", Go, 2}, {"import (", "", "", Go, 2},
	{"if err != nil", "", "{", Go, 3}, {"defer ", "(", ")", Go, 1},
	{"fn ", "(", "{", Rust, 2}, {"pub fn ", "", "", Rust, 3}, {"let mut ", "", "", Rust, 2}, {"impl", " for ", "{", Rust, 3},
	{"use ", "::", ";", Rust, 2}, {"#[", "", "]", Rust, 1}, {"pub struct ", "", "", Rust, 3}, {"impl ", "", "{", Rust, 2},
	{"fun ", "(", "", Kotlin, 2}, {"data class ", "", "", Kotlin, 3}, {"override fun ", "", "", Kotlin, 3}, {"private val ", "", "", Kotlin, 1},
	{"object ", "extends ", "{", Scala, 2}, {"case class ", "", "", Scala, 3}, {"def ", " = {", "", Scala, 2}, {"def ", "=", "", Scala, 1},
	{"interface ", "", "{", TypeScript, 1}, {"export interface ", "", "{", TypeScript, 3}, {"export type ", "=", "", TypeScript, 3},
	{"import type ", "", "", TypeScript, 3}, {"</", "", ">", TSX, 1},
	{"function ", "(", "", JavaScript, 1}, {"const ", " = require(", "", JavaScript, 3}, {"import ", " from '", "", JavaScript, 2},
	{"import ", " from \"", "", JavaScript, 2}, {"export ", "", "", JavaScript, 1}, {"module.exports", "=", "", JavaScript, 3},
	{"'use strict'", "", "", JavaScript, 3}, {"\"use strict\"", "", "", JavaScript, 3}, {"const ", " => ", "", JavaScript, 2},
}
