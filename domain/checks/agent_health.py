"""Whether machines show, have items, are current and were heard of (AGT-03, AGT-04, AGT-07)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.agents import Agent, parse_agent, parse_engine
from domain.backup_servers import BackupServer, Standing, parse_server
from domain.checks.catalog import AGENT_HEALTH, MACHINE_VISIBLE, SERVER_UPDATE
from domain.codec import JsonObject
from domain.documents import integer_at, value_at
from domain.findings import Fact, Finding, Verdict
from domain.moments import parse_moment
from domain.policy_machines import holder_name
from domain.readings import Attempt, FailedRead, fact, unread
from domain.vaults import Provenance

STALE_AFTER = timedelta(days=8)
"""A machine that backs up at least weekly was heard of by then."""

_AGENTS = "MAB"
_UPDATE_MEMBERS = ("dpmVersion", "isDpmUpgradeAvailable", "isAzureBackupAgentUpgradeAvailable")
_NEEDED = "before it, the server does not know the PIN and the minimum retention of security."
_NEW_AGENT = (
    "Install the latest agent on {name}: a machine with an agent before 2.0.9083.0 does not show in"
    " an upgraded vault."
)


def _last_backup(agent: Agent, items: tuple[JsonObject, ...]) -> datetime | None:
    moments = [
        parse_moment(value_at(item, ("properties", "lastBackupTime")))
        for item in items
        if holder_name(item).casefold() == agent.name.casefold()
    ]
    return max((one for one in moments if one is not None), default=None)


def _has_items(agent: Agent, items: tuple[JsonObject, ...]) -> bool:
    # Old bodies may leave the count out or at zero: the items themselves tell.
    if agent.item_count:
        return True
    return any(holder_name(item).casefold() == agent.name.casefold() for item in items)


def _judge(agent: Agent, items: tuple[JsonObject, ...], now: datetime) -> tuple[Verdict, str, str]:
    if not _has_items(agent, items):
        text = "is registered and protects nothing"
        return Verdict.FAIL, text, f"Unregister {agent.name}, or set up its backup at the agent."
    # Bodies of 2016 have no refresh time; the items of the machine tell as much.
    heard = [one for one in (agent.last_refreshed_at, _last_backup(agent, items)) if one]
    if not heard:
        text = "has never reported a backup to this vault"
        to_do = (
            f"Look on {agent.name} whether its agent is registered to this vault and its backup has"
            " run once."
        )
        return Verdict.FAIL, text, to_do
    last = max(heard)
    if now - last > STALE_AFTER:
        text = f"last heard of {last:%Y-%m-%d %H:%M} UTC, {(now - last).days} days ago"
        return Verdict.FAIL, text, f"Look whether {agent.name} still runs and backs up."
    return Verdict.PASS, f"last heard of {last:%Y-%m-%d %H:%M} UTC", ""


def check(
    agents: Attempt[tuple[JsonObject, ...]],
    items: Attempt[tuple[JsonObject, ...]],
    *,
    vault: str,
    now: datetime,
) -> tuple[Finding, ...]:
    """One finding per registered machine: stale, never synced, without items, or well.

    Args:
        agents: The MARS containers, raw.
        items: The vault's protected items, raw.
        vault: The vault's name, for what is not about one machine.
        now: UTC.
    """
    if isinstance(agents, FailedRead):
        return (unread(AGENT_HEALTH.id, vault, agents),)
    if isinstance(items, FailedRead):
        return (unread(AGENT_HEALTH.id, vault, items),)
    findings = []
    for document in agents.value:
        agent = parse_agent(document)
        verdict, message, to_do = _judge(agent, items.value, now)
        findings.append(
            Finding(
                check_id=AGENT_HEALTH.id,
                verdict=verdict,
                subject=agent.name,
                message=message,
                what_to_do=to_do,
                facts=(
                    fact(
                        document,
                        ("properties", "extendedInfo", "lastRefreshedAt"),
                        agents.provenance,
                    ),
                    fact(document, ("properties", "protectedItemCount"), agents.provenance),
                ),
            )
        )
    return tuple(findings)


def _update(server: BackupServer) -> tuple[Verdict, str, str]:
    version = server.raw_version or "of an unknown version"
    if server.standing is Standing.BELOW:
        text = f"server {version} is older than {server.release}"
        to_do = f"Install {server.release} or later on {server.name}: {_NEEDED}"
        return Verdict.FAIL, text, to_do
    if server.has_update:
        to_do = f"Install the update the service offers on {server.name}."
        return Verdict.FAIL, f"server {version}; the service offers an update", to_do
    if server.standing is Standing.UNKNOWN:
        least = f"; it needs {server.release}" if server.release else ""
        return Verdict.UNKNOWN, f"server {version}: nobody says whether it is new enough{least}", ""
    if server.has_update is None:
        return Verdict.UNKNOWN, f"server {version}: nobody says whether an update is waiting", ""
    return Verdict.PASS, f"server {version}; no update is waiting", ""


def check_updates(engines: Attempt[tuple[JsonObject, ...]], *, vault: str) -> tuple[Finding, ...]:
    """One finding per DPM and Azure Backup Server: is it new enough, does an update wait for it.

    Args:
        engines: The backup servers, raw.
        vault: The vault's name, for what is not about one server.
    """
    if isinstance(engines, FailedRead):
        return (unread(SERVER_UPDATE.id, vault, engines),)
    findings = []
    for engine in engines.value:
        server = parse_server(engine, parse_engine(engine).name)
        verdict, message, to_do = _update(server)
        findings.append(
            Finding(
                check_id=SERVER_UPDATE.id,
                verdict=verdict,
                subject=server.name,
                message=message,
                what_to_do=to_do,
                facts=tuple(
                    fact(engine, ("properties", member), engines.provenance)
                    for member in _UPDATE_MEMBERS
                ),
            )
        )
    return tuple(findings)


def _registered(counts: Iterable[JsonObject]) -> int | None:
    # One row per management type; MAB are the machines with an agent (recovery-services 3).
    rows = (row for row in counts if value_at(row, ("name", "value")) == _AGENTS)
    values = (integer_at(row, ("currentValue",)) for row in rows)
    return next((value for value in values if value is not None), None)


def _invisible(name: str, provenance: Provenance | None) -> Finding:
    return Finding(
        check_id=MACHINE_VISIBLE.id,
        verdict=Verdict.FAIL,
        subject=name,
        message="was registered to the vault before, and does not show in it now",
        what_to_do=_NEW_AGENT.format(name=name),
        facts=(Fact(field="machine", value=name, provenance=provenance),),
    )


def check_visible(
    agents: Attempt[tuple[JsonObject, ...]],
    counts: Attempt[tuple[JsonObject, ...]],
    *,
    vault: str,
    known_before: Iterable[str] = (),
) -> tuple[Finding, ...]:
    """Machines that are registered and do not show: by name where known, else by number.

    Args:
        agents: The MARS containers the vault shows, raw.
        counts: The service's own counts of containers, raw.
        vault: The vault's name.
        known_before: Machines that were registered before the upgrade, or shown earlier.
    """
    if isinstance(agents, FailedRead):
        return (unread(MACHINE_VISIBLE.id, vault, agents),)
    shown = {parse_agent(one).name.casefold() for one in agents.value}
    lost = sorted({one for one in known_before if one.casefold() not in shown})
    named = tuple(_invisible(name, agents.provenance) for name in lost)
    if isinstance(counts, FailedRead):
        return (*named, unread(MACHINE_VISIBLE.id, vault, counts))
    registered = _registered(counts.value)
    if registered is not None and registered <= len(shown):
        # Whoever is not there any more was unregistered: nothing is hidden.
        lost, named = [], ()
    if registered is None and not shown:
        return named
    return (*named, _by_number(registered, len(shown), len(lost), vault, counts.provenance))


def _by_number(
    registered: int | None, shown: int, named: int, vault: str, provenance: Provenance
) -> Finding:
    # The count has every machine, shown or not; the list only those with a new agent.
    nameless = 0 if registered is None else registered - shown - named
    evidence = Fact(
        field="BackupProtectionContainerCountSummary.MAB",
        value=None if registered is None else str(registered),
        provenance=provenance,
    )
    verdict, to_do = Verdict.PASS, ""
    message = f"all {shown} registered machines show"
    if registered is None:
        # The service gives no count: what shows may be all there is, or not.
        verdict, message = Verdict.NOT_APPLICABLE, f"{shown} machines show; no count to compare"
    elif nameless > 0:
        verdict = Verdict.FAIL
        message = f"{registered} machines are registered and {shown} show; {nameless} have no name"
        to_do = (
            f"Find the {nameless} machines that back up to {vault} and do not show (their owners"
            " know them), and install the latest agent on each."
        )
    elif registered > shown:
        message = f"{shown} of {registered} registered machines show; the others are named"
    return Finding(
        check_id=MACHINE_VISIBLE.id,
        verdict=verdict,
        subject=vault,
        message=message,
        what_to_do=to_do,
        facts=(evidence,),
    )
