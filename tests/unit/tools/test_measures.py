"""What counts as a line, a branch, a block and a public name."""

from pathlib import PurePath

import pytest

from tools.measures import FunctionShape, ModuleShape, measure

PATH = PurePath("domain/x.py")


def shape(text: str) -> ModuleShape:
    """The shape of a text."""
    return measure(PATH, text)


def function(text: str) -> FunctionShape:
    """The shape of the first function of a text."""
    return shape(text).functions[0]


def test_code_lines_leave_out_docstrings_comments_and_blank_lines() -> None:
    """Only lines with a token of the program count as code."""
    module = shape('"""Doc.\n\nMore.\n"""\n\n# why\nx = [\n    1,\n]\ny = 2  # beside code\n')

    assert (4, 1) == (module.code_lines, module.comment_lines)


def test_strings_that_document_fields_are_not_code() -> None:
    """A string under a field is documentation."""
    assert 1 == shape('limit = 3\n"""Why three."""\n').code_lines


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return 1", 1),
        ("if a: return 1", 2),
        ("if a and b or c: return 1", 4),
        ("return 1 if a else 2", 2),
        ("return [x for x in a if x]", 2),
        ("assert a", 2),
        ("while a: a = b", 2),
    ],
)
def test_complexity_counts_every_decision(body: str, expected: int) -> None:
    """Each branch and each boolean operator adds one."""
    assert expected == function(f"def f(a, b, c):\n    {body}\n").complexity


def test_complexity_counts_handlers_and_cases() -> None:
    """Each except and each case adds one."""
    text = (
        "def f(a):\n    try:\n        pass\n    except OSError:\n        pass\n"
        "    match a:\n        case 1: pass\n        case _: pass\n"
    )

    assert 4 == function(text).complexity


def test_a_function_inside_another_is_measured_by_itself() -> None:
    """The inner function's branches are not the outer one's."""
    outer, inner = shape(
        "def outer():\n    def inner(a):\n        if a:\n            return 1\n    return inner\n"
    ).functions

    assert ((1, 0), (2, 1)) == (
        (outer.complexity, outer.nesting),
        (inner.complexity, inner.nesting),
    )


def test_an_elif_chain_is_one_block_deep() -> None:
    """A chain of elif reads like a table, not like nesting."""
    text = "def f(a):\n    if a == 1:\n        pass\n    elif a == 2:\n        pass\n    elif a:\n        pass\n"

    assert 1 == function(text).nesting


def test_an_if_inside_an_else_beside_other_code_is_deeper() -> None:
    """Blocks inside blocks add up whatever their kind."""
    text = "def f(a):\n    for x in a:\n        with x:\n            if x:\n                pass\n"

    assert 3 == function(text).nesting


def test_a_generator_is_known_by_its_own_yield() -> None:
    """A yield in an inner function does not make the outer one a generator."""
    outer, inner = shape("def f():\n    def g():\n        yield 1\n    return g\n").functions

    assert (False, True) == (outer.is_generator, inner.is_generator)


def test_public_names_without_docstring_are_listed() -> None:
    """Functions, methods and classes are listed; private ones and inner functions are not."""
    module = shape(
        "def a():\n    def inner(): pass\nclass B:\n    def c(self): pass\n    def _d(self): pass\n"
        "def _e(): pass\nclass _F:\n    def g(self): pass\n"
    )

    assert ((1, "a"), (3, "B"), (4, "c")) == module.undocumented


def test_variants_of_a_documented_function_need_no_docstring() -> None:
    """An overload, an override and a setter are documented where they belong."""
    module = shape(
        "import typing\n@typing.overload\ndef a(): ...\n@typing.override\ndef b(): ...\n"
        "@x.setter\ndef c(): ...\n"
    )

    assert () == module.undocumented
