"""What a Log Analytics workspace knows about backup jobs (facts recovery-services 6).

Queries live in ``kql/``, one per file, with a name and a version in the first line. Parameters are
bound by ``let`` statements in front of the query, never by putting text into it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from azure.core.pipeline import PipelineResponse

from adapters.answers import ReadAnswers
from adapters.clients import Clients
from adapters.http_errors import body_text, find_request_id, translated
from adapters.loop_local import LoopLocal
from adapters.pipelines import REPEATABLE
from adapters.ports import Clock
from domain.codec import JsonObject
from domain.errors import NotFoundError, UnavailableError, UnexpectedAnswerError
from domain.vaults import Reading, VaultRef

LAST_JOBS = "last_jobs"
ARRIVALS = "arrivals"
# A query about one vault takes seconds; one that takes longer is better asked again than waited
# for.
QUERY_TIMEOUT_S = 60
"""Real seconds the service may work on a query; it allows 600 at most (6.1)."""
COLUMNS = (
    "BackupItemUniqueId",
    "BackupItemFriendlyName",
    "BackupItemType",
    "BackupItemProtectionState",
    "LastJobStart",
    "LastJobStatus",
    "JobUniqueId",
)
"""Members of a row of the last-jobs query."""

ARRIVAL_COLUMNS = ("TableName", "LastArrival", "RowCount")
"""Members of a row of the arrivals query."""

_OF_THE_JOB = frozenset(COLUMNS[-3:])
_FOLDER = Path(__file__).parent / "kql"
# The code stands for any name that is not known; of columns the service says "column or scalar
# expression", of tables "table or column expression".
_UNRESOLVED = "SEM0100"
_COLUMN = "scalar expression"


@cache
def _query_text(name: str) -> str:
    return (_FOLDER / f"{name}.kql").read_text(encoding="utf-8")


def bind(name: str, **parameters: str | datetime) -> str:
    """The named query with its parameters bound after the first line, which names it."""
    title, _, query = _query_text(name).partition("\n")
    lets = "".join(f"let {key} = {literal(value)};\n" for key, value in parameters.items())
    return f"{title}\n{lets}{query}"


def literal(value: str | datetime) -> str:
    """A KQL literal.

    Raises:
        ValueError: A text with control characters, which no name in Azure has.
    """
    if isinstance(value, datetime):
        return f"datetime({value.astimezone(UTC).isoformat().removesuffix('+00:00')}Z)"
    if not value.isprintable():
        raise ValueError(f"not printable: {value!r}")
    # Backslash first, or the ones that escape the quotation marks would be escaped once more.
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class LogAnalytics:
    """Port JobLog over the wire.

    Args:
        clients: Gives the SDK client of the running loop.
        clock: Dates readings.
    """

    def __init__(self, clients: LoopLocal[Clients], clock: Clock) -> None:
        self._clients = clients
        self._clock = clock

    async def list_last_jobs(
        self, workspace_id: str, vault: VaultRef, since: datetime
    ) -> Reading[tuple[JsonObject, ...]]:
        """The last backup job of each item the workspace knows, one row each.

        Raises:
            NotFoundError: The workspace never received a backup table, or does not exist.
            UnavailableError: The service gave only a part of the answer.
        """
        # Lower case, as the query compares it: the tables hold ids in more than one spelling (6.2).
        query = bind(LAST_JOBS, vault=vault.arm_id.lower(), since=since)
        return await self._query(workspace_id, query, f"job log of {vault}", COLUMNS)

    async def list_arrivals(
        self, workspace_id: str, vault: VaultRef, since: datetime
    ) -> Reading[tuple[JsonObject, ...]]:
        """Which tables have received rows about the vault since a moment, one row each.

        Raises:
            NotFoundError: The workspace never received a backup table, or does not exist.
            UnavailableError: The service gave only a part of the answer.
        """
        query = bind(ARRIVALS, vault=vault.arm_id.lower(), since=since)
        return await self._query(workspace_id, query, f"reports of {vault}", ARRIVAL_COLUMNS)

    async def _query(
        self, workspace_id: str, query: str, subject: str, columns: tuple[str, ...]
    ) -> Reading[tuple[JsonObject, ...]]:
        hook = _QueryAnswers(subject, self._clock)
        with translated(subject):
            await (
                self._clients.get()
                .logs()
                .query_workspace(
                    workspace_id,
                    query,
                    # The query bounds the time itself: items and jobs look back differently far.
                    timespan=None,
                    server_timeout=QUERY_TIMEOUT_S,
                    raw_response_hook=hook,
                    retry_on_methods=REPEATABLE,
                )
            )
        reading = hook.one()
        rows = tuple(_rows(reading.value, columns, subject))
        return Reading(value=rows, provenance=reading.provenance)

    async def aclose(self) -> None:
        """Closes the running loop's clients, which the other adapters share."""
        await self._clients.aclose()


class _QueryAnswers(ReadAnswers):
    """Knows the two ways in which Log Analytics says that there is no answer."""

    def __call__(self, response: PipelineResponse[Any, Any]) -> None:
        http = response.http_response
        text = body_text(http) if http.status_code == HTTPStatus.BAD_REQUEST else ""
        if _UNRESOLVED in text and _COLUMN not in text:
            raise NotFoundError(
                "the workspace never received a backup table",
                status=http.status_code,
                code=_UNRESOLVED,
                subject=self.subject,
                request_id=find_request_id(http.headers),
                what_to_do="Send the vault's diagnostics there, resource-specific tables; the "
                "first push may take 24 hours.",
            )
        super().__call__(response)
        error = self.one().value.get("error")
        if error:
            # Rows that happen to be there are not the whole truth, and would read as such.
            raise UnavailableError(
                "only a part of the answer came",
                code=str(error.get("code")) if isinstance(error, dict) else None,
                subject=self.subject,
                request_id=find_request_id(http.headers),
            )


def _rows(body: JsonObject, wanted: tuple[str, ...], subject: str) -> Iterator[JsonObject]:
    try:
        # The first is the result; statistics and charts, which nobody asked for, would come after
        # it.
        table = body["tables"][0]
        names = [column["name"] for column in table["columns"]]
        for row in table["rows"]:
            members = dict(zip(names, row, strict=True))
            yield {name: _value(name, members[name]) for name in wanted}
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise UnexpectedAnswerError(
            f"not the table the query asks for: {error!r}", subject=subject
        ) from None


def _value(name: str, value: Any) -> Any:
    # The right side of an outer join is null for times, but an empty text for texts.
    return None if name in _OF_THE_JOB and value == "" else value
