"""Route templates of HTTP triggers."""

import pytest

from local.host.functions import AppLoadError
from local.host.routes import Found, Route, RouteTable, compile_template


def match(template: str, path: str) -> dict[str, str] | None:
    """The parameters of a path by a template."""
    return compile_template(template).match(path)


def table(*templates: str, methods: frozenset[str] = frozenset()) -> RouteTable[str]:
    """A table whose targets are the templates themselves."""
    return RouteTable(
        [Route(template=compile_template(one), methods=methods, target=one) for one in templates]
    )


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("api/upgrades", "api/upgrades", {}),
        ("api/upgrades", "API/Upgrades", {}),
        ("api/upgrades", "api/upgrades/x", None),
        ("api/{id}", "api/Vault-1", {"id": "Vault-1"}),
        ("api/{id}", "api/", None),
        ("api/{id?}", "api", {}),
        ("api/{id?}", "api/7", {"id": "7"}),
        ("api/{page=1}", "api", {"page": "1"}),
        ("api/{page=1}", "api/3", {"page": "3"}),
        ("api/{*rest}", "api/a/b", {"rest": "a/b"}),
        ("api/{**rest}", "api/a/b", {"rest": "a/b"}),
        ("api/{*rest}", "api", {}),
        ("{*rest}", "a/b", {"rest": "a/b"}),
        ("{*rest}", "", {}),
        ("files/{name}.{kind}", "files/report.html", {"name": "report", "kind": "html"}),
        ("v{version:int}/x", "v2/x", {"version": "2"}),
        ("v{version:int}/x", "vtwo/x", None),
        ("a.c", "abc", None),
        ("", "", {}),
    ],
)
def test_a_template_matches(template: str, path: str, expected: dict[str, str] | None):
    """Literals ignore case, parameters keep it, optional and catch-all parts may be missing."""
    assert match(template, path) == expected


@pytest.mark.parametrize(
    ("constraint", "good", "bad"),
    [
        ("int", "-2147483648", "2147483648"),
        ("long", "2147483648", "1.5"),
        ("bool", "TRUE", "yes"),
        ("guid", "7d7e3b8e-3c1b-4b65-9a43-1f2d6c0a9b11", "7d7e3b8e"),
        ("alpha", "abc", "ab1"),
        ("decimal", "1.5", "x"),
        ("datetime", "2026-01-31", "yesterday"),
        ("length(3)", "abc", "ab"),
        ("length(2,3)", "ab", "abcd"),
        ("minlength(2)", "ab", "a"),
        ("maxlength(2)", "ab", "abc"),
        ("min(5)", "5", "4"),
        ("max(5)", "5", "6"),
        ("range(1,3)", "3", "4"),
        ("min(5)", "5", "five"),
        (r"regex(^v\d{{1}}$)", "v1", "v10"),
        ("required", "x", ""),
        ("int:min(1):max(9)", "9", "10"),
    ],
)
def test_constraints_decide(constraint: str, good: str, bad: str):
    """A value that breaks its constraint does not match; constraints add up."""
    assert match(f"{{v:{constraint}}}", good) == {"v": good}
    assert match(f"{{v:{constraint}}}", bad) is None


@pytest.mark.parametrize(
    "template",
    [
        "a/{",
        "a/{x:wrong}",
        "a/{x:length(z)}",
        "a/}b",
        "{x:regex([)}",
        "a//b",
        "a/b?",
        "{x}/{X}",
        "{x}-{x}",
        "{*rest}/a",
    ],
)
def test_a_template_that_is_not_understood_is_refused(template: str):
    """A typing error in a route is told at start."""
    with pytest.raises(AppLoadError, match="route"):
        compile_template(template)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("items/new", "items/new"),
        ("items/7", "items/{id:int}"),
        ("items/seven", "items/{name}"),
        ("items/a/b", "items/{*rest}"),
    ],
)
def test_the_most_specific_template_wins(path: str, expected: str):
    """Literal before constrained before plain before catch-all, whatever their order."""
    routes = table("items/{*rest}", "items/{name}", "items/{id:int}", "items/new")

    assert routes.find("GET", path).target == expected


def test_a_method_may_choose_between_templates():
    """A less specific route takes what the more specific one does not."""
    routes = RouteTable(
        [
            Route(template=compile_template("x/one"), methods=frozenset({"GET"}), target="read"),
            Route(template=compile_template("x/{id}"), methods=frozenset({"PUT"}), target="write"),
        ]
    )

    assert routes.find("PUT", "/x/one/").target == "write"


def test_a_known_path_tells_its_methods():
    """Without a fitting method the answer is who would take the path."""
    routes = table("x", methods=frozenset({"GET", "POST"}))

    assert routes.find("DELETE", "x") == Found(
        target=None, parameters={}, allowed=frozenset({"GET", "POST"})
    )


def test_an_unknown_path_has_no_methods():
    """Nothing matches, so nothing is allowed."""
    assert table("x").find("GET", "y").allowed == frozenset()
