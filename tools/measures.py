"""The shape of one Python module: its size, its functions, what is documented.

Lines of a function run from ``def`` to its last line, docstring included. Complexity is McCabe's,
with each boolean operator counted. Nesting counts blocks (if, for, while, with, try, match); an
``elif`` chain is no deeper than its ``if``. A function defined inside another is measured by itself
and adds nothing to the outer one but its lines.
"""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

type FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
type Documented = FunctionNode | ast.ClassDef

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Each is measured by itself: what is inside adds nothing to the function around it.
SCOPES = (*FUNCTIONS, ast.Lambda, ast.ClassDef)
BRANCHES = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.comprehension,
    ast.Assert,
    ast.match_case,
)
BLOCKS = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.Try,
    ast.TryStar,
    ast.With,
    ast.AsyncWith,
    ast.Match,
)
NO_CODE = frozenset(
    {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
)


@dataclass(frozen=True, kw_only=True)
class FunctionShape:
    """One function or method."""

    name: str
    line: int
    lines: int
    complexity: int
    nesting: int
    is_generator: bool


@dataclass(frozen=True, kw_only=True)
class ModuleShape:
    """One module."""

    path: PurePath
    """Relative to the repository."""
    lines: int
    code_lines: int
    """Lines with a token that is neither comment nor docstring."""
    comment_lines: int
    """Lines that hold a comment and nothing else."""
    has_docstring: bool
    functions: tuple[FunctionShape, ...]
    undocumented: tuple[tuple[int, str], ...]
    """Line and name of each public function, method and class without a docstring."""


def measure(path: PurePath, text: str) -> ModuleShape:
    """The shape of the module ``text``.

    Raises:
        SyntaxError: The text is not Python.
    """
    tree = ast.parse(text, filename=str(path))
    code, comments = _lines_by_kind(text)
    return ModuleShape(
        path=path,
        lines=len(text.splitlines()),
        code_lines=len(code - _docstring_lines(tree)),
        comment_lines=len(comments - code),
        has_docstring=ast.get_docstring(tree) is not None,
        functions=tuple(_shape(node) for node in ast.walk(tree) if isinstance(node, FUNCTIONS)),
        undocumented=tuple(
            (node.lineno, node.name)
            for node in _public_definitions(tree)
            if ast.get_docstring(node) is None
        ),
    )


def _lines_by_kind(text: str) -> tuple[set[int], set[int]]:
    code: set[int] = set()
    comments: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            comments.add(token.start[0])
        elif token.type not in NO_CODE:
            # A token may span lines: text in triple quotes is code on each of them.
            code.update(range(token.start[0], token.end[0] + 1))
    return code, comments


def _docstring_lines(tree: ast.Module) -> set[int]:
    # A string that stands alone documents the module, class, function or field above it.
    lines: set[int] = set()
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def _public_definitions(scope: ast.Module | ast.ClassDef) -> Iterator[Documented]:
    for node in scope.body:
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)) or node.name.startswith("_"):
            continue
        if not _is_variant(node):
            yield node
        if isinstance(node, ast.ClassDef):
            yield from _public_definitions(node)


def _is_variant(node: Documented) -> bool:
    # Documented elsewhere: at the implementation, the parent class or the getter.
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return bool(names & {"overload", "override", "setter", "deleter"})


def _shape(node: FunctionNode) -> FunctionShape:
    own = list(_own_nodes(node))
    return FunctionShape(
        name=node.name,
        line=node.lineno,
        lines=(node.end_lineno or node.lineno) - node.lineno + 1,
        complexity=1 + sum(_branches(child) for child in own),
        nesting=_nesting(node),
        is_generator=any(isinstance(child, ast.Yield | ast.YieldFrom) for child in own),
    )


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, SCOPES):
            yield child
            yield from _own_nodes(child)


def _branches(node: ast.AST) -> int:
    if isinstance(node, ast.BoolOp):
        # a and b and c is one node with two ways to leave early.
        return len(node.values) - 1
    return 1 if isinstance(node, BRANCHES) else 0


def _nesting(node: ast.AST) -> int:
    inside = (child for child in ast.iter_child_nodes(node) if not isinstance(child, SCOPES))
    return max((_nesting(child) + _is_block_in(child, node) for child in inside), default=0)


def _is_block_in(child: ast.AST, parent: ast.AST) -> bool:
    # The syntax tree nests elif into else; readers do not.
    is_elif = isinstance(parent, ast.If) and isinstance(child, ast.If) and child in parent.orelse
    return isinstance(child, BLOCKS) and not is_elif
