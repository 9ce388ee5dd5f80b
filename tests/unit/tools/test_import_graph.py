"""Cycles and chains of imports."""

from itertools import pairwise
from pathlib import PurePath

from tools import import_graph


def build(**texts: str) -> import_graph.Graph:
    """The graph of modules in one package ``p``."""
    sources = {PurePath(f"p/{name}.py"): text for name, text in texts.items()}
    return import_graph.build({**sources, PurePath("p/__init__.py"): ""})


def test_every_form_of_import_is_an_edge() -> None:
    """Plain, from-module, from-package and relative imports all count."""
    graph = build(
        a="",
        b="",
        c="",
        d="",
        e="import p.a\nfrom p.b import x\nfrom p import c\nfrom . import d\n",
    )

    assert {"p.a", "p.b", "p.c", "p.d"} == graph["p.e"]


def test_imports_that_do_not_run_at_load_time_do_not_count() -> None:
    """Imports in functions and under TYPE_CHECKING cannot make a cycle."""
    graph = build(
        a="",
        b="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import p.a\ndef f():\n    import p.a\n",
    )

    assert frozenset() == graph["p.b"]


def test_a_cycle_is_found_and_read_from_importer_to_imported() -> None:
    """The cycle names its modules in the order they import each other."""
    cycle = import_graph.find_cycle(build(a="import p.b", b="import p.c", c="import p.a"))

    assert cycle is not None
    assert [("p.a", "p.b"), ("p.b", "p.c"), ("p.c", "p.a")] == sorted(pairwise(cycle))


def test_a_tree_has_no_cycle() -> None:
    """Two ways to one module are not a cycle."""
    assert import_graph.find_cycle(build(a="import p.b, p.c", b="import p.c", c="")) is None


def test_the_longest_chain_starts_with_the_importer() -> None:
    """Of several chains the longest is given, importer first."""
    graph = build(a="import p.b, p.d", b="import p.c", c="import p.d", d="")

    assert ["p.a", "p.b", "p.c", "p.d"] == import_graph.longest_chain(graph)
