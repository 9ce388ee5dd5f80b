"""Which routes an app may have, as the real host decides it."""

from typing import Any

import pytest

from local.host.functions import AppLoadError, Function
from local.host.http_edge import build_table, full_route
from tests.unit.host.fakes import make_function


def http(name: str, route: str | None, *methods: str) -> Function:
    """A function with an HTTP trigger."""
    members: dict[str, Any] = {} if route is None else {"route": route}
    return make_function(name, "httpTrigger", methods=methods, **members)


@pytest.mark.parametrize("route", [None, "", " "])
def test_a_function_without_a_route_is_reached_by_its_name(route: str | None):
    """An empty route counts as none."""
    assert full_route(http("vaults", route), "api") == "api/vaults"


@pytest.mark.parametrize("route", ["admin", "/Admin/users", "administrators"])
def test_routes_of_the_host_are_refused(route: str):
    """Azure leaves such a function out, which is learnt here instead of there."""
    with pytest.raises(AppLoadError, match="begins with 'admin'"):
        build_table([http("users", route)], "api")


@pytest.mark.parametrize(
    ("first", "second"), [((), ("GET",)), (("GET", "POST"), ("GET",)), ((), ())]
)
def test_a_route_that_is_taken_is_refused(first: tuple[str, ...], second: tuple[str, ...]):
    """The second function could never be reached."""
    functions = [http("one", "vaults/{id}", *first), http("two", "/Vaults/{id}", *second)]

    with pytest.raises(AppLoadError, match="the route of two is that of one"):
        build_table(functions, "api")


def test_a_route_may_be_shared_by_method():
    """One function reads, another writes."""
    functions = [http("read", "vaults", "GET"), http("write", "vaults", "PUT")]
    found = build_table(functions, "api").find("PUT", "api/vaults")

    assert found.target == functions[1]
