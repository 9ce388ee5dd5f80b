"""The job log: one bound query, whole answers only."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from aiohttp import web

from adapters.log_analytics import COLUMNS, LAST_JOBS, LogAnalytics, bind, literal
from domain.errors import (
    AccessDeniedError,
    NotFoundError,
    RefusedError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
)
from tests.fakes import NOON, FakeClock, vault_ref
from tests.http_server import Handler, Server, drop_connection, server_clients, serving

WORKSPACE = "0d9f2d8e-1111-4222-8333-444455556666"
ROW = ["id-1", "C:\\", "FileFolder", "Protected", "2017-09-05T11:00:00Z", "Completed", "job-1"]


def _table(*rows: list[Any], columns: tuple[str, ...] = COLUMNS) -> dict[str, Any]:
    named = [{"name": name, "type": "string"} for name in columns]
    return {"tables": [{"name": "PrimaryResult", "columns": named, "rows": list(rows)}]}


@asynccontextmanager
async def _client(
    *answers: web.Response | Handler,
) -> AsyncIterator[tuple[Server, LogAnalytics]]:
    clock = FakeClock()
    async with serving(*answers) as server:
        log = LogAnalytics(server_clients(server, clock), clock)
        try:
            yield server, log
        finally:
            await log.aclose()


async def _ask(log: LogAnalytics) -> Any:
    return await log.list_last_jobs(WORKSPACE, vault_ref(), NOON - timedelta(hours=12))


def test_parameters_are_bound_behind_the_title() -> None:
    """The first line names the query; the bindings follow, then the query as it is in the file."""
    text = bind(LAST_JOBS, vault="/v", since=NOON)

    assert text.splitlines()[:3] == [
        "// vaultlift:last-jobs/1",
        'let vault = "/v";',
        "let since = datetime(2017-09-05T12:00:00Z);",
    ]
    assert "CoreAzureBackup" in text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('a"b', '"a\\"b"'),
        ("a\\", '"a\\\\"'),
        ('"; drop', '"\\"; drop"'),
        ("é", '"é"'),
    ],
)
def test_texts_cannot_leave_their_literal(value: str, expected: str) -> None:
    """Quotes and backslashes are escaped."""
    assert expected == literal(value)


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0", "a\u2028b"])
def test_line_breaks_are_no_part_of_a_name(value: str) -> None:
    """A text that could end the line is refused."""
    with pytest.raises(ValueError, match="not printable"):
        literal(value)


def test_moments_are_written_in_utc() -> None:
    """Another zone is converted, and microseconds are kept."""
    elsewhere = datetime(2017, 9, 5, 14, 0, 0, 250000, timezone(timedelta(hours=2)))

    assert "datetime(2017-09-05T12:00:00.250000Z)" == literal(elsewhere)


async def test_the_workspace_is_asked_for_the_vault() -> None:
    """Path, title and bindings of the request are those the service expects."""
    async with _client(web.json_response(_table())) as (server, log):
        await _ask(log)

    (asked,) = server.asked
    query = json.loads(asked.body)["query"]
    assert ("POST", f"/v1/workspaces/{WORKSPACE}/query") == (asked.method, asked.path)
    assert f'let vault = "{vault_ref().arm_id.lower()}";' in query
    assert "let since = datetime(2017-09-05T00:00:00Z);" in query
    assert "wait=60" == asked.headers["Prefer"]


async def test_rows_come_by_name() -> None:
    """Columns may come in another order and with others between them."""
    columns = ("Extra", *reversed(COLUMNS))
    answer = web.json_response(
        _table(["x", *reversed(ROW)], columns=columns), headers={"x-ms-request-id": "r-9"}
    )
    async with _client(answer) as (_, log):
        reading = await _ask(log)

    assert (dict(zip(COLUMNS, ROW, strict=True)),) == reading.value
    assert "r-9" == reading.provenance.request_id


@pytest.mark.parametrize("nothing", [None, ""])
async def test_an_item_without_a_job_has_none(nothing: str | None) -> None:
    """What the join leaves empty reads as None, as a time and as a text."""
    row = [*ROW[:4], nothing, nothing, nothing]
    async with _client(web.json_response(_table(row))) as (_, log):
        reading = await _ask(log)

    job = [reading.value[0][name] for name in COLUMNS[-3:]]
    assert [None, None, None] == job


async def test_a_workspace_without_tables_is_not_found() -> None:
    """A table that never received data is told from a vault without jobs."""
    error = {
        "error": {
            "code": "BadArgumentError",
            "innererror": {"code": "SemanticError", "innererror": {"code": "SEM0100"}},
        }
    }
    async with _client(web.json_response(error, status=400)) as (_, log):
        with pytest.raises(NotFoundError, match="never received a backup table"):
            await _ask(log)


async def test_a_column_nobody_knows_is_no_missing_table() -> None:
    """It is told as what it is, with the service's innermost words."""
    words = "'where' operator: Failed to resolve column or scalar expression named 'JobStatus'"
    inner = {"code": "SemanticError", "innererror": {"code": "SEM0100", "message": words}}
    error = {"code": "BadArgumentError", "message": "invalid properties", "innererror": inner}
    async with _client(web.json_response({"error": error}, status=400)) as (_, log):
        with pytest.raises(RefusedError) as caught:
            await _ask(log)

    assert f"BadArgumentError: invalid properties: SEM0100: {words}" == caught.value.message


async def test_a_part_of_an_answer_is_no_answer() -> None:
    """Rows next to an error are not taken for all rows."""
    body = _table(ROW) | {"error": {"code": "PartialError", "message": "too much"}}
    async with _client(web.json_response(body)) as (_, log):
        with pytest.raises(UnavailableError, match="only a part") as caught:
            await _ask(log)

    assert "PartialError" == caught.value.code


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            web.json_response({"error": {"code": "WorkspaceNotFoundError"}}, status=404),
            NotFoundError,
        ),
        (web.json_response({}, status=403), AccessDeniedError),
        (web.Response(status=429, headers={"Retry-After": "600"}), ThrottledError),
        (web.Response(text="<html>", status=200), UnexpectedAnswerError),
        (
            web.Response(body=b"\xff", status=400, content_type="text/html", charset="utf-8"),
            RefusedError,
        ),
        (web.json_response({"tables": []}), UnexpectedAnswerError),
        (web.json_response(_table(["short"])), UnexpectedAnswerError),
        (web.json_response(_table(ROW[:2], columns=COLUMNS[:2])), UnexpectedAnswerError),
    ],
)
async def test_queries_fail_with_the_error_that_fits(
    answer: web.Response, expected: type[ServiceError]
) -> None:
    """No bad answer is ever taken for "no jobs"."""
    async with _client(answer) as (_, log):
        with pytest.raises(expected):
            await _ask(log)


@pytest.mark.parametrize(
    "trouble",
    [
        web.Response(status=502, text="<html>bad gateway</html>"),
        web.Response(status=503),
        web.Response(status=429, headers={"Retry-After": "1"}),
        drop_connection,
    ],
)
async def test_queries_are_repeated_though_they_are_posts(
    trouble: web.Response | Handler,
) -> None:
    """A query changes nothing, so it is sent again."""
    async with _client(trouble, web.json_response(_table(ROW))) as (server, log):
        reading = await _ask(log)

    assert (1, 2) == (len(reading.value), len(server.asked))
