"""Log Analytics: answers the two queries vaultlift sends, refuses others (recovery-services 6).

There is no Kusto engine here. A query is known by its first line, its two ``let`` statements
are read, and the rows follow from the estate; anything else gets the service's syntax error.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.codec import JsonObject
from local.azure.backups import Backup, backups
from local.azure.contents import Item
from local.azure.diagnostic_settings import CATEGORIES
from local.azure.exchange import Answer, Call, NotUnderstood, ServiceRefusal, json_answer
from local.azure.model import Vault, Workspace
from local.azure.moments import format_moment
from local.azure.names import stable_guid
from local.azure.sources import WORKLOAD_TYPES

MARKER = "// vaultlift:last-jobs/1"
ARRIVALS_MARKER = "// vaultlift:arrivals/1"
"""First lines of the queries that are understood."""
PUSH_INTERVAL = timedelta(hours=24)
"""Items and policies are pushed once a day (recovery-services 6.2)."""
INGESTION_DELAY = timedelta(minutes=25)
"""Between the end of a job and its row in the workspace (recovery-services 6.2)."""

_VAULT = re.compile(r'^let vault = "(?P<id>[^"]+)";\s*$', re.MULTILINE)
_SINCE = re.compile(r"^let since = datetime\((?P<moment>[^)]+)\);\s*$", re.MULTILINE)
_COLUMNS = (
    ("BackupItemUniqueId", "string"),
    ("BackupItemFriendlyName", "string"),
    ("BackupItemType", "string"),
    ("BackupItemProtectionState", "string"),
    ("LastJobStart", "datetime"),
    ("LastJobStatus", "string"),
    ("JobUniqueId", "string"),
)


_ARRIVAL_COLUMNS = (("TableName", "string"), ("LastArrival", "datetime"), ("RowCount", "long"))


def query_workspace(call: Call) -> Answer:
    """The last backup job of each item of one vault, or which tables have rows about it."""
    workspace = _workspace(call)
    sent = call.json_body()
    # Null is what clients send where they mean nothing. Anything else would narrow the answer.
    unknown = sorted(name for name in sent.keys() - {"query"} if sent[name] is not None)
    if unknown:
        raise NotUnderstood(f"the member {unknown[0]} of a query")
    marker, vault_id, since = _parse(sent.get("query"))
    # Tables come with their first rows; before that a query does not even compile.
    if not workspace.has_tables:
        return _bad_query(
            "SemanticError",
            "SEM0100",
            "'where' operator: Failed to resolve table or column expression named "
            "'CoreAzureBackup'",
        )
    vault = call.state.find_by_arm_id(vault_id)
    # To a query an id is only a text to compare with: an unknown vault gives no rows and no error.
    sends_here = vault is not None and (vault.log_workspace or "").lower() == workspace.id.lower()
    make, names = (_rows, _COLUMNS) if marker == MARKER else (_arrivals, _ARRIVAL_COLUMNS)
    rows = make(vault, since, call.now) if vault is not None and sends_here else []
    columns = [{"name": name, "type": kind} for name, kind in names]
    table = {"name": "PrimaryResult", "columns": columns, "rows": rows}
    return json_answer({"tables": [table]})


def _workspace(call: Call) -> Workspace:
    workspace = call.state.workspaces.get(call.params["workspace"].lower())
    if workspace is None:
        raise ServiceRefusal(404, "WorkspaceNotFoundError", "The workspace could not be found.")
    return workspace


def _parse(query: Any) -> tuple[str, str, datetime]:
    text = query if isinstance(query, str) else ""
    vault, since = _VAULT.search(text), _SINCE.search(text)
    marker = text.partition("\n")[0]
    is_ours = marker in (MARKER, ARRIVALS_MARKER)
    if not is_ours or vault is None or since is None:
        raise ServiceRefusal(400, "BadArgumentError", "The request had some invalid properties")
    if vault["id"] != vault["id"].lower():
        # The tables write ids in any case; the query compares with tolower() and must ask so.
        raise ServiceRefusal(400, "BadArgumentError", "The vault id is not in lower case")
    try:
        moment = datetime.fromisoformat(since["moment"])
    except ValueError as error:
        raise ServiceRefusal(
            400, "BadArgumentError", "The request had some invalid properties"
        ) from error
    return marker, vault["id"], moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _arrivals(vault: Vault, since: datetime, now: datetime) -> list[list[str | None]]:
    """Which tables have rows: all are pushed together with the first jobs, then once a day."""
    first = vault.jobs_visible_from()
    if now < first:
        return []
    last = first + PUSH_INTERVAL * ((now - first) // PUSH_INTERVAL)
    if last < since:
        return []
    tables = CATEGORIES if vault.contents.jobs or vault.contents.items else CATEGORIES[:1]
    return [[table, format_moment(last), "1"] for table in tables]


def _rows(vault: Vault, since: datetime, now: datetime) -> list[list[str | None]]:
    if now < vault.jobs_visible_from():
        # Items are pushed together with the first jobs; before that the vault is unknown here.
        return []
    # Also items without any job: the query joins jobs to items with leftouter, and such a row says
    # that the item is known and no job has come yet (recovery-services 6.2).
    return [_row(vault, item, since, now) for item in vault.contents.items]


def _row(vault: Vault, item: Item, since: datetime, now: datetime) -> list[str | None]:
    ended = [
        backup
        for backup in backups(vault, item, since, now)
        if backup.ends_at + INGESTION_DELAY <= now
    ]
    latest = max(ended, key=lambda backup: backup.started_at) if ended else None
    item_id = stable_guid("log item", vault.seed, item.workload, item.holder, item.name)
    kind = WORKLOAD_TYPES[item.workload]
    return [item_id, item.name, kind, item.state or "Protected", *_job_columns(latest, now)]


def _job_columns(latest: Backup | None, now: datetime) -> list[str | None]:
    if latest is None:
        return [None, None, None]
    return [format_moment(latest.started_at), latest.status(now), latest.id]


def _bad_query(kind: str, code: str, message: str) -> Answer:
    inner: JsonObject = {
        "code": kind,
        "message": "A semantic error occurred.",
        "innererror": {"code": code, "message": message},
    }
    error = {
        "message": "The request had some invalid properties",
        "code": "BadArgumentError",
        "innererror": inner,
    }
    return json_answer({"error": error}, status=400)


def refuse(refusal: ServiceRefusal) -> Answer:
    """A refusal in the shape the query API gives its errors."""
    error: JsonObject = {"message": refusal.message, "code": refusal.code}
    if refusal.code == "BadArgumentError":
        error["innererror"] = {"code": "SyntaxError", "message": "Syntax Error"}
    return json_answer({"error": error}, status=refusal.status)
