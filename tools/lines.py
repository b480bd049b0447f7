"""How many lines of code a package has: blank lines, comments and docstrings do not count.

`python -m tools.lines restore_core` prints the figure.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from pathlib import Path

SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def code_lines(source: str) -> int:
    """Return how many lines of `source` hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in SILENT:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - _docstring_lines(ast.parse(source)))


def _docstring_lines(tree: ast.Module) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case (
                ast.Module(body=[first, *_])
                | ast.ClassDef(body=[first, *_])
                | ast.FunctionDef(body=[first, *_])
                | ast.AsyncFunctionDef(body=[first, *_])
            ) if ast.get_docstring(node) is not None:
                lines.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
            case _:
                continue
    return lines


def main(package: str) -> None:
    """Print the figure for every module below `package`, summed."""
    modules = sorted(Path(package).rglob("*.py"))
    total = sum(code_lines(module.read_text()) for module in modules)
    print(f"{package}: {total} lines of code in {len(modules)} modules")  # noqa: T201 - its purpose.


if __name__ == "__main__":
    main(sys.argv[1])
