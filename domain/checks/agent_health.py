"""Whether machines have items and were heard of lately (AGT-04, AGT-07)."""

from datetime import datetime, timedelta

from domain.agents import Agent, parse_agent
from domain.checks.catalog import AGENT_HEALTH
from domain.codec import JsonObject
from domain.documents import value_at
from domain.findings import Finding, Verdict
from domain.moments import parse_moment
from domain.policy_machines import holder_name
from domain.readings import Attempt, FailedRead, fact, unread

STALE_AFTER = timedelta(days=8)
"""A machine that backs up at least weekly was heard of by then."""


def _last_backup(agent: Agent, items: tuple[JsonObject, ...]) -> datetime | None:
    moments = [
        parse_moment(value_at(item, ("properties", "lastBackupTime")))
        for item in items
        # Containers show the name in capitals (recovery-services 3), so it is never compared as it
        # is written.
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
    # Without the items no machine can be called empty or silent, so none is judged at all.
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
