"""What the service says in English, for the catalogues of the pages: messages of errors, and what is marked.

The API speaks English only; what it has said is stored and read years later. A page finds the sentence by its words and
says it in its own language (`static/told.js`). So the f-string in the code is the one place of a sentence: a value
becomes `{0}`, `{1}`, … in the order of the text.
"""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from typing import IO, Any

from edge.contract.sentences import sentence

__all__ = ["extract"]

_MARK = sentence.__name__
_WORD = re.compile(r"[A-Za-z]{3,}")

Found = tuple[int, str | None, str, list[str]]


def extract(
    file: IO[bytes], keywords: Mapping[str, object], comment_tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[Found]:
    """Find the sentences of a Python file; the signature is Babel's.

    Yields:
        line, no function, the text, no comments.
    """
    del keywords, comment_tags, options
    for node in ast.walk(ast.parse(file.read())):
        text = _template(said) if (said := _said(node)) is not None else None
        if text is not None and _WORD.search(re.sub(r"\{\d+\}", "", text)):
            yield node.lineno, None, text, []  # type: ignore[attr-defined]  # every node that says something has a line


def _said(node: ast.AST) -> ast.expr | None:
    """The first argument of a marked call, or of what is raised."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name == _MARK:
            return first
        case ast.Raise(exc=ast.Call(args=[first, *_])):
            return first
    return None


def _template(said: ast.expr) -> str | None:
    """The text with a number for each value; None if it is put together elsewhere."""
    match said:
        case ast.Constant(value=str(text)):
            return text.strip()
        case ast.JoinedStr(values=parts):
            numbers = iter(range(len(parts)))
            whole = (str(part.value) if isinstance(part, ast.Constant) else f"{{{next(numbers)}}}" for part in parts)
            return "".join(whole).strip()
    return None
