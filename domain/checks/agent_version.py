"""Whether every agent is new enough (audit-checks AGT-01, AGT-02, AGT-03, AGT-06).

Whether a machine stands in several vaults: :mod:`domain.rosters`.
"""

from collections.abc import Callable, Iterable

from domain.agents import (
    FEATURE_FLOORS,
    UPGRADE_FLOOR,
    Agent,
    is_below,
    parse_agent,
    parse_engine,
    version_text,
)
from domain.checks.catalog import AGENT_VERSION
from domain.codec import JsonObject
from domain.findings import Fact, Finding, Verdict
from domain.readings import Attempt, FailedRead, fact, unread

_UPDATE = "Install the latest agent on {name}; {purpose} from {floor} on."


def _lacking(agent: Agent) -> str:
    version = agent.version
    if version is None:
        return ""
    purposes = [floor.purpose for floor in FEATURE_FLOORS if is_below(version, floor)]
    return f"; too old for {', '.join(purposes)}" if purposes else ""


def _judge(agent: Agent) -> tuple[Verdict, str, str]:
    floor = version_text(UPGRADE_FLOOR.version)
    # Missing is unknown: bodies of 2016 carry no version for machines that are perfectly new.
    if agent.version is None:
        given = f"{agent.raw_version!r} is no version" if agent.raw_version else "not given"
        return Verdict.UNKNOWN, f"agent version unknown: {given}", ""
    offer = "; the service offers an update" if agent.has_update else ""
    text = f"agent {agent.raw_version}{_lacking(agent)}{offer}"
    # The only floor that hides a machine. The others cost a feature each, which the text names, and
    # are no reason to ask anybody for an update (audit-checks AGT-01, AGT-02).
    if is_below(agent.version, UPGRADE_FLOOR):
        to_do = _UPDATE.format(name=agent.name, purpose=UPGRADE_FLOOR.purpose, floor=floor)
        return Verdict.FAIL, f"{text}; needs {floor} or newer", to_do
    return Verdict.PASS, text, ""


def _finding(agent: Agent, evidence: Fact) -> Finding:
    verdict, message, to_do = _judge(agent)
    return Finding(
        check_id=AGENT_VERSION.id,
        verdict=verdict,
        subject=agent.name,
        message=message,
        what_to_do=to_do,
        facts=(evidence,),
    )


def _findings(
    listed: Attempt[tuple[JsonObject, ...]],
    parse: Callable[[JsonObject], Agent],
    member: str,
    vault: str,
) -> Iterable[Finding]:
    if isinstance(listed, FailedRead):
        yield unread(AGENT_VERSION.id, vault, listed)
        return
    for document in listed.value:
        evidence = fact(document, ("properties", member), listed.provenance)
        yield _finding(parse(document), evidence)


def check(
    agents: Attempt[tuple[JsonObject, ...]],
    engines: Attempt[tuple[JsonObject, ...]],
    *,
    vault: str,
) -> tuple[Finding, ...]:
    """One finding per registered machine and backup server.

    Args:
        agents: The MARS containers, raw.
        engines: The DPM and Azure Backup Servers, raw.
        vault: The vault's name, for what is not about one machine.
    """
    return (
        *_findings(agents, parse_agent, "agentVersion", vault),
        *_findings(engines, parse_engine, "azureBackupAgentVersion", vault),
    )
