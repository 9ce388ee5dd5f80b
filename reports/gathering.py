"""Finds the runs in an evidence store and picks what a report shows of them.

Of several runs of one vault the one that ended last is shown. A run without an end is never left
out: a report that is silent about it would read as if everything were done.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import ValidationError

from domain.codec import JsonObject, from_json
from domain.errors import EvidenceError
from domain.evidence import EVIDENCE_SCHEMA
from domain.outcomes import SettlementReport, VaultReport
from reports.model import UnfinishedRun

# Documents of a start lie elsewhere: they belong to the vault, not to one of its runs.
_RUN_DOCUMENT = re.compile(
    r"^(?P<run>vaults/[^/]+/(?P<kind>runs|settlements)/(?P<run_id>[^/]+))/(?P<name>.+)$"
)
_SETTLEMENTS = "settlements"
_OUTCOME = "outcome.json"


class DocumentReader(Protocol):
    """The reading half of an evidence store (``adapters.ports.EvidenceStore`` is one)."""

    async def read(self, key: str) -> JsonObject | None:
        """The document under ``key``, or None."""
        ...

    async def list_keys(self, prefix: str) -> tuple[str, ...]:
        """The keys below ``prefix``, sorted."""
        ...


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What an evidence store holds for a report."""

    reports: tuple[VaultReport, ...]
    """The last ended run of each vault."""
    settlements: tuple[SettlementReport, ...]
    """The last ended settlement of each vault that was settled by itself."""
    unfinished: tuple[UnfinishedRun, ...]


def _keys_by_run(keys: Iterable[str]) -> dict[str, list[str]]:
    runs: defaultdict[str, list[str]] = defaultdict(list)
    for key in keys:
        if found := _RUN_DOCUMENT.match(key):
            runs[found["run"]].append(key)
    return dict(runs)


async def _read(store: DocumentReader, key: str) -> JsonObject:
    document = await store.read(key)
    # Fails the report: one that leaves out what it cannot read would look complete.
    if document is None or document.get("schema") != EVIDENCE_SCHEMA:
        raise EvidenceError(
            f"not a document of schema {EVIDENCE_SCHEMA}",
            subject=key,
            what_to_do="Make the report with the version of vaultlift that wrote the evidence.",
        )
    return document


async def _read_end[T](store: DocumentReader, key: str, shape: type[T]) -> T:
    document = await _read(store, key)
    try:
        return from_json(shape, document.get("data"))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "data"
        raise EvidenceError(
            f"cannot be read as the end of a run: {place}: {first['msg']}", subject=key
        ) from error


async def _read_unfinished(store: DocumentReader, keys: list[str]) -> UnfinishedRun:
    runs = [_as_unfinished(key, await _read(store, key)) for key in keys]
    # By the moments, not their texts: a text without a fraction sorts behind one that has it.
    return max(runs, key=lambda run: (run.recorded_at, run.last_document))


def _as_unfinished(key: str, document: JsonObject) -> UnfinishedRun:
    found = _RUN_DOCUMENT.match(key)
    try:
        return UnfinishedRun(
            vault=str(document["vault"]),
            run_id=found["run_id"] if found else str(document["runId"]),
            last_document=key,
            recorded_at=datetime.fromisoformat(document["recordedAt"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise EvidenceError(f"an evidence document lacks {error}", subject=key) from error


def _last_of_each_vault[T: (VaultReport, SettlementReport)](reports: Iterable[T]) -> tuple[T, ...]:
    last: dict[str, T] = {}
    # In order of their ends, so that a later run of a vault takes the place of the earlier one.
    for report in sorted(reports, key=lambda r: r.outcome.ended_at):
        last[report.outcome.vault.key] = report
    return tuple(last.values())


async def gather(store: DocumentReader) -> Gathered:
    """Everything a report needs from the store.

    Raises:
        EvidenceError: A document cannot be read, or is of another schema; names its key.
    """
    runs = _keys_by_run(await store.list_keys("vaults/"))
    reports: list[VaultReport] = []
    settlements: list[SettlementReport] = []
    unfinished: list[UnfinishedRun] = []
    for run, keys in runs.items():
        outcome_key = f"{run}/{_OUTCOME}"
        # Written last: a run that has it is over, one without it is not, whatever else it holds.
        if outcome_key not in keys:
            unfinished.append(await _read_unfinished(store, keys))
        elif run.split("/")[-2] == _SETTLEMENTS:
            settlements.append(await _read_end(store, outcome_key, SettlementReport))
        else:
            reports.append(await _read_end(store, outcome_key, VaultReport))
    return Gathered(
        reports=_last_of_each_vault(reports),
        settlements=_last_of_each_vault(settlements),
        unfinished=tuple(sorted(unfinished, key=lambda run: (run.vault, run.run_id))),
    )
