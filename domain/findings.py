"""Verdicts and findings: what was looked at, what it means, and how we know.

DESIGN rule 4: a read that failed is never a pass and never a finding; its verdict is ``unknown``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from domain.vaults import Provenance


class Verdict(StrEnum):
    """What a check came to."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


class StatementState(StrEnum):
    """How a statement stands for one vault."""

    HOLDS = "holds"
    OPEN = "open"
    """A person has something to do; the findings say what."""
    UNKNOWN = "unknown"
    """Something could not be read, or cannot be told yet."""
    NOT_APPLICABLE = "not_applicable"
    """Nothing in the vault is concerned."""
    TOLD = "told"
    """No check decides it; the operator has to know it."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One field as it was read: the evidence behind a verdict."""

    field: str
    """Path of the field in the body: ``properties.timeZone``."""
    value: str | None
    """Its raw value as text; None when the field was absent."""
    provenance: Provenance | None = None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One verdict about one subject."""

    check_id: str
    """Stable id of the check: ``time-zone``, ``agent-version``, ``job-sync``."""
    verdict: Verdict
    subject: str
    """What it is about: a policy, a machine, an item, the vault itself."""
    message: str
    """What was found, in one sentence."""
    what_to_do: str = ""
    """The next step for a person; empty when there is none."""
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many findings of each verdict."""

    passed: int = 0
    failed: int = 0
    unknown: int = 0
    not_applicable: int = 0


def tally(findings: Iterable[Finding]) -> Tally:
    """Counts findings by verdict."""
    verdicts = [finding.verdict for finding in findings]
    return Tally(
        passed=verdicts.count(Verdict.PASS),
        failed=verdicts.count(Verdict.FAIL),
        unknown=verdicts.count(Verdict.UNKNOWN),
        not_applicable=verdicts.count(Verdict.NOT_APPLICABLE),
    )


def add_tallies(tallies: Iterable[Tally]) -> Tally:
    """The sum of several counts."""
    counted = tuple(tallies)
    return Tally(
        passed=sum(one.passed for one in counted),
        failed=sum(one.failed for one in counted),
        unknown=sum(one.unknown for one in counted),
        not_applicable=sum(one.not_applicable for one in counted),
    )
