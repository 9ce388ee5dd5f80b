"""The OpenAPI document says what the app does: every route, body, status and code."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest
from openapi_spec_validator import validate

from domain.campaign_intake import Sender as CampaignSender
from domain.campaign_intake import read_campaign
from domain.command_intake import read_command
from domain.errors import ConfigurationError
from domain.intake import requests_from_json
from domain.intake_rows import Sender
from domain.settle_intake import read_order
from tests.fakes import NOON, fake_ports
from tests.published import operation, problems_in, published, undocumented
from tools.api.bodies import body_schemas
from tools.api.document import build_document, tidy
from tools.api.model import Registered
from tools.api.registered import app_routes, route_prefix
from tools.api.texts import TEXTS
from tools.routes_page import routes_page
from triggers.approvals import approval_from_body

TRIGGERS = Path(__file__).parents[3] / "triggers"
ROUTES = app_routes()


def _operations() -> list[tuple[str, str, Any]]:
    return [
        (method, path, one)
        for path, methods in published("openapi.json")["paths"].items()
        for method, one in methods.items()
    ]


def _examples(content: Any) -> list[Any]:
    return [one["value"] for one in content["application/json"].get("examples", {}).values()]


def test_the_document_is_valid_openapi() -> None:
    """Any tool that reads OpenAPI 3.1 can read it."""
    assert validate(published("openapi.json")) is None


def test_every_route_in_the_source_is_described_and_no_other() -> None:
    """Read from the decorators, not from the app object the document was made from."""
    pattern = re.compile(r'route\(\s*route="([^"]+)", methods=\["(\w+)"\]')
    declared = {
        (f"/api/{route}", method.lower())
        for path in TRIGGERS.glob("*.py")
        for route, method in pattern.findall(path.read_text(encoding="utf-8"))
    }

    assert declared == {(path, method) for method, path, _ in _operations()}


def test_a_route_without_a_description_fails() -> None:
    """Whoever adds a route learns that it has to be described."""
    extra = Registered(function="get_weather", path="/api/w", methods=("get",), is_keyed=True)

    with pytest.raises(ConfigurationError, match="get_weather has no description"):
        build_document([*ROUTES, extra], TEXTS, body_schemas())


def test_a_description_without_a_route_fails() -> None:
    """A route that is gone is not described any longer."""
    with pytest.raises(ConfigurationError, match=r"is described and not registered"):
        build_document(ROUTES[1:], TEXTS, body_schemas())


def test_only_signed_approvals_go_without_a_key() -> None:
    """Security is that of the registered functions."""
    unkeyed = [path for _, path, one in _operations() if one["security"] == [{"signature": []}]]

    assert ["/api/hooks/approval/{id}"] == unkeyed


def test_every_refusal_in_the_source_is_documented_and_no_other() -> None:
    """Pairs of status and code, from the calls of ``error`` and from the document."""
    raised = {(400, "InvalidInput")}
    for path in TRIGGERS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "error":
                status, code = node.args[0], node.args[1]
                if isinstance(status, ast.Constant) and isinstance(code, ast.Constant):
                    raised.add((status.value, code.value))
    documented = {
        (int(status), code)
        for _, _, one in _operations()
        for status, answer in one["responses"].items()
        for content in answer.get("content", {}).values()
        if int(status) >= 400
        for code in content["schema"]["properties"]["error"]["properties"]["code"]["enum"]
    }

    assert raised == documented


@pytest.mark.parametrize(("method", "path", "one"), _operations())
def test_examples_are_as_their_schemas_say(method: str, path: str, one: Any) -> None:
    """Every example of a body and of an answer validates."""
    contents = [answer["content"] for answer in one["responses"].values() if "content" in answer]
    if "requestBody" in one:
        contents.append(one["requestBody"]["content"])

    wrong = [
        problem
        for content in contents
        for example in _examples(content)
        for problem in problems_in(content["application/json"]["schema"], example)
    ]

    assert [] == wrong, (method, path)


def _sent(path: str) -> list[Any]:
    return _examples(operation("POST", path)["requestBody"]["content"])


@pytest.mark.parametrize("body", _sent("/api/upgrades"))
def test_the_app_takes_the_examples_of_upgrades(body: Any) -> None:
    """What the document shows can be sent as it stands."""
    taken = requests_from_json(
        body, requested_by="ada", request_id="r", requested_at=NOON, source="body"
    )

    assert ["vault-paris"] == [one.vault.name for one in taken]


@pytest.mark.parametrize("body", _sent("/api/campaigns"))
def test_the_app_takes_the_examples_of_campaigns(body: Any) -> None:
    """What the document shows can be sent as it stands."""
    sender = CampaignSender(signed_in_as=None, campaign_id="made-up", requested_at=NOON)

    assert body.get("dryRun", False) == read_campaign(body, sender).is_dry_run


@pytest.mark.parametrize("body", _sent("/api/settlements"))
def test_the_app_takes_the_examples_of_settlements(body: Any) -> None:
    """What the document shows can be sent as it stands."""
    sender = Sender(requested_by="ada", request_id="r", requested_at=NOON)

    assert len(body.get("vaults", [body])) == len(read_order(body, sender).rows)


@pytest.mark.parametrize("body", _sent("/api/upgrades/x/approval"))
def test_the_app_takes_the_examples_of_approvals(body: Any) -> None:
    """What the document shows can be sent as it stands."""
    request = func.HttpRequest(method="POST", url="http://x/api", body=json.dumps(body).encode())

    assert body["decision"] == approval_from_body(request, fake_ports()).decision


@pytest.mark.parametrize("body", _sent("/api/campaigns/x/pause"))
def test_the_app_takes_the_examples_of_commands(body: Any) -> None:
    """What the document shows can be sent as it stands."""
    assert (body["requestedBy"], body["comment"]) == read_command(json.dumps(body), None)


def test_a_misspelt_member_is_no_campaign_to_document_and_app() -> None:
    """The document is as strict as the app."""
    (first, *_) = _sent("/api/campaigns")

    assert [] != problems_in({"$ref": "#/components/schemas/CampaignBody"}, {**first, "widnow": 5})


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"upgrades": [], "continuationToken": None}, 0),
        (200, {"upgrades": []}, 1),
        (418, {}, 1),
        (400, {"error": {"code": "InvalidInput", "message": "m"}}, 0),
        (400, {"error": {"code": "Misheard", "message": "m"}}, 1),
    ],
)
def test_an_answer_is_held_against_the_document(status: int, body: Any, expected: int) -> None:
    """The check that other tests rely on finds a missing member, status or code."""
    assert expected == len(undocumented("GET", "/api/upgrades?top=1", None, status, body))


def test_a_call_the_app_takes_is_one_the_document_allows() -> None:
    """A body with an undescribed member that is answered with 202 is a gap of the document."""
    answer = {"requestId": "r", "upgrades": []}

    assert 1 == len(undocumented("POST", "/api/upgrades", {"odd": 1}, 202, answer))


def test_a_path_spelt_out_goes_before_one_with_parameters() -> None:
    """As the host routes it."""
    assert ("replay_messages", "get_message") == (
        operation("POST", "/api/messages/rejected/replay")["operationId"],
        operation("GET", "/api/messages/rejected/7")["operationId"],
    )


def test_schemas_are_published_without_marks_that_only_mean_us() -> None:
    """Made-up titles, private names and the markup of docstrings are left out."""
    schema = {
        "title": "Thing",
        "description": "See :class:`~a.B` and ``c``.",
        "properties": {"title": {"$ref": "#/components/schemas/_Inner", "title": "Title"}},
    }

    assert {
        "description": "See `a.B` and `c`.",
        "properties": {"title": {"$ref": "#/components/schemas/Inner"}},
    } == tidy(schema)


def test_the_prefix_of_host_json_stands_before_every_route(tmp_path: Path) -> None:
    """A changed ``routePrefix`` is a changed address."""
    host_json = tmp_path / "host.json"
    host_json.write_text('{"extensions": {"http": {"routePrefix": "v1"}}}', encoding="utf-8")

    assert ("v1", "api") == (route_prefix(host_json), route_prefix())


def test_the_table_of_routes_has_a_row_for_each() -> None:
    """Sorted by noun, with what each answers and refuses."""
    rows = [
        one for one in routes_page(published("openapi.json")).splitlines() if one.startswith("| `")
    ]
    calls = [re.search(r"`(\w+) (\S+)`", one) for one in rows]

    assert {(method.upper(), path) for method, path, _ in _operations()} == {
        found.groups() for found in calls if found
    }


def test_a_row_says_what_a_route_answers_and_refuses() -> None:
    """Statuses, error codes, and what the host answers by itself."""
    schema = {"properties": {"error": {"properties": {"code": {"enum": ["Lost", "Gone"]}}}}}
    responses = {
        "200": {"content": {}},
        "401": {"description": "by the host"},
        "404": {"content": {"application/json": {"schema": schema}}},
    }
    one = {"tags": ["t"], "summary": "Look", "responses": responses}
    page = routes_page({"tags": [{"name": "t"}], "paths": {"/a": {"get": one}}})

    assert "| `GET /a` | Look | 200 | 401 by the host; 404 `Lost`, `Gone` |" in page.splitlines()


def test_the_app_is_loaded_whatever_the_developer_has_set() -> None:
    """Settings that contradict ours are laid aside, and there again afterwards."""
    theirs = {"ServiceBusConnection": "Endpoint=sb://x;", "VAULTLIFT_CLOUD": "nowhere"}
    code = (
        "import os; from tools.api.registered import app_routes;"
        "print(len(app_routes()) > 0, os.environ['VAULTLIFT_CLOUD'])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=TRIGGERS.parent,
        env={**os.environ, **theirs},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ("True nowhere\n", "") == (done.stdout, done.stderr)


NOBODY = {"requestedBy": None, "requestId": None}


@pytest.mark.parametrize("body", _sent("/api/upgrades"))
def test_null_for_who_asks_is_as_if_left_out_of_upgrades(body: Any) -> None:
    """To the app, and so to the document."""
    given = {**body, **NOBODY}
    taken = requests_from_json(
        given, requested_by="ada", request_id="r", requested_at=NOON, source="body"
    )

    assert [("ada", "r")] == [(one.requested_by, one.request_id) for one in taken]
    assert [] == problems_in({"$ref": "#/components/schemas/UpgradeBody"}, given)


@pytest.mark.parametrize("signed_in_as", [None, "ada"])
@pytest.mark.parametrize("body", _sent("/api/settlements"))
def test_null_for_who_asks_is_as_if_left_out_of_settlements(
    body: Any, signed_in_as: str | None
) -> None:
    """Also where the platform knows who calls."""
    given = {**body, **NOBODY}
    sender = Sender(requested_by=signed_in_as or "anonymous", request_id="r", requested_at=NOON)
    default = Sender(requested_by="anonymous", request_id="r", requested_at=NOON)

    assert sender == read_order(given, default, signed_in_as=signed_in_as).sender
    assert [] == problems_in({"$ref": "#/components/schemas/SettleBody"}, given)


@pytest.mark.parametrize(("method", "path"), [("get", ""), ("post", "/guard")])
def test_the_settlement_inside_an_upgrade_has_an_id_that_is_documented(
    method: str, path: str
) -> None:
    """Clients made from the document would refuse to ask for it."""
    document = published("openapi.json")["paths"]
    (found,) = document[f"/api/settlements/{{id}}{path}"][method]["parameters"]

    assert re.search(found["schema"]["pattern"], f"upgrade-{'0' * 32}.settle")
