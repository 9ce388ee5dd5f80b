"""What the service's own check says, explained (vault-upgrade 1.2, 3.2).

Its codes and categories were never published (5.2), so a reason is recognised by what it speaks of
and by what stands in its table; one that is not recognised is passed on in the service's words.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from domain.agents import UPGRADE_FLOOR, is_below, parse_version, version_text
from domain.prechecks import CheckReason, Consent, Gravity
from domain.upgrade import PrerequisiteCheck, PrerequisiteReason, Severity

SOURCE = "service check"
"""The reasons' source."""

_VERSION = re.compile(r"\d+(\.\d+){3}")
_AGENT_ADVICE = (
    f"Update the MARS agent to {version_text(UPGRADE_FLOOR.version)} or later (2.0.9070.0 was enough in 2017; the later"
    " text of January 2018 asks for more). A machine that no longer exists counts too: if its backups"
    " are not needed, name it in unregisterMachines, and it is unregistered once the plan is"
    " approved, or unregister it in the classic portal; while they are kept, the vault cannot be"
    " upgraded. Then run the vault again."
)


@dataclass(frozen=True)
class Topic:
    """A documented cause, and how to recognise that a reason speaks of it."""

    words: re.Pattern[str]
    advice: str
    rule: str


_TOPICS: tuple[Topic, ...] = (
    Topic(re.compile(r"agent|mars", re.IGNORECASE), _AGENT_ADVICE, "vault-upgrade 1.2"),
    Topic(
        re.compile(r"billing|storage-?based", re.IGNORECASE),
        "Recovery Services vaults know instance-based billing only: agree to the change with"
        " acceptWarnings or by approving the plan, or convert the vault first.",
        "vault-upgrade 1.2",
    ),
    Topic(
        re.compile(r"job|register|registration|configur", re.IGNORECASE),
        "Wait until the job has ended and nobody registers an item, then run the vault again.",
        "vault-upgrade 1.2",
    ),
    Topic(
        re.compile(r"csp", re.IGNORECASE),
        "Vaults of CSP subscriptions cannot be upgraded.",
        "vault-upgrade 1.1",
    ),
    Topic(
        re.compile(r"target|exists|resource group", re.IGNORECASE),
        "Choose a different resource group.",
        "vault-upgrade 1.3",
    ),
)


def _names_old_agent(row: tuple[str, ...]) -> bool:
    versions = (parse_version(cell) for cell in row if _VERSION.fullmatch(cell))
    return any(version is not None and is_below(version, UPGRADE_FLOOR) for version in versions)


def is_about_agents_of(rows: Sequence[tuple[str, ...]], machines: Collection[str]) -> bool:
    """Whether a table has old agents in each row, and only of these machines.

    Args:
        rows: The table; the machine's name is in the first column.
        machines: Names, case-folded.
    """
    return bool(rows) and all(
        row[0].casefold() in machines and _names_old_agent(row) for row in rows
    )


def _topic_of(reason: PrerequisiteReason) -> Topic | None:
    # A table of machines and versions needs no words to be known for what it is.
    if any(map(_names_old_agent, reason.rows)):
        return _TOPICS[0]
    named = f"{reason.category} {reason.code}"
    for text in (named, reason.message):
        for topic in _TOPICS:
            if topic.words.search(text):
                return topic
    return None


def _explained(reason: PrerequisiteReason) -> CheckReason:
    topic = _topic_of(reason)
    is_warning = reason.severity is Severity.WARNING
    documented = topic.advice if topic else ""
    said = reason.recommended_action.strip()
    return CheckReason(
        # Whatever is no Warning blocks, whether we know the word or not (vault-upgrade 3.2).
        code=reason.code or "NoCode",
        gravity=Gravity.WARNING if is_warning else Gravity.ERROR,
        message=reason.message,
        what_to_do=said or documented,
        explanation=documented if said else "",
        source=SOURCE,
        rule=topic.rule if topic else "vault-upgrade 3.2",
        consent=Consent.WARNINGS if is_warning else None,
        rows=reason.rows,
        category=reason.category,
        is_blocking=not is_warning,
    )


def service_reasons(check: PrerequisiteCheck) -> tuple[CheckReason, ...]:
    """Everything the service said, errors first, each explained where its cause is documented."""
    return tuple(map(_explained, (*check.errors, *check.warnings)))
