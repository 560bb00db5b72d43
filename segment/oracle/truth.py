# Reads names of files, writes one line of JSON for each: the functions, the
# calls by name, and the ranges of lines that are one logical line or literal.
import ast, io, json, sys, tokenize

for name in sys.stdin.read().split('\n'):
    try:
        raw = open(name, 'rb').read()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        if encoding not in ('utf-8',):
            raise SyntaxError
        tree = ast.parse(raw)
        funcs, calls, statements = [], [], []
        for n in ast.walk(tree):
            if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)):
                b = n.body[0]
                d = getattr(b, 'decorator_list', None)
                line, col = (d[0].lineno, d[0].col_offset - 1) if d else (b.lineno, b.col_offset)
                funcs.append([n.name, line, col])
            elif isinstance(n, ast.Call):
                f = n.func
                if isinstance(f, ast.Name):
                    calls.append([f.id, f.lineno, f.col_offset])
                elif isinstance(f, ast.Attribute):
                    calls.append([f.attr, f.end_lineno, f.end_col_offset - len(f.attr.encode())])
            if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and n.decorator_list:
                statements.append([n.decorator_list[0].lineno, n.lineno])
        first = None
        for t in tokenize.generate_tokens(io.StringIO(raw.decode()).readline):
            if t.type in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
                continue
            if t.type == tokenize.NEWLINE:
                if first is not None:
                    statements.append([first, t.start[0]])
                first = None
            elif first is None:
                first = t.start[0]
        print(json.dumps({'File': name, 'Funcs': funcs, 'Calls': calls, 'Statements': statements}))
    except (SyntaxError, UnicodeDecodeError, ValueError, RecursionError):
        print(json.dumps({'File': name}))
