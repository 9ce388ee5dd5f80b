"""The words and forms every report and the command line share."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from domain.findings import StatementState, Verdict
from domain.outlooks import UNDECIDED
from domain.upgrade import RunState

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S


# A tone and not a colour: the page, the terminal and a printout each have their own.
class Tone(StrEnum):
    """How much of a reader's attention something deserves."""

    GOOD = "good"
    ATTENTION = "attention"
    BAD = "bad"
    NEUTRAL = "neutral"


@dataclass(frozen=True)
class Wording:
    """How a state or verdict is named, and how loudly."""

    label: str
    tone: Tone
    meaning: str


STATES: dict[RunState, Wording] = {
    RunState.CLOSED: Wording(
        "closed", Tone.GOOD, "Upgraded, settled and proven; nothing is left to do."
    ),
    RunState.CLOSED_WITH_TASKS: Wording(
        "closed with tasks",
        Tone.ATTENTION,
        "Upgraded and settled as far as a program can; the listed tasks are for a person.",
    ),
    RunState.NEEDS_DECISION: Wording(
        "needs decision", Tone.ATTENTION, "Stopped at a choice that only a person can make."
    ),
    RunState.BLOCKED: Wording(
        "blocked",
        Tone.ATTENTION,
        "A prerequisite does not hold. Nothing was started; remove the cause and run it again.",
    ),
    RunState.NOT_APPROVED: Wording(
        "not approved", Tone.ATTENTION, "Denied, or nobody answered in time. Nothing was started."
    ),
    RunState.STOPPED: Wording(
        "stopped", Tone.BAD, "Something could not be read or done; the reason says what is known."
    ),
    RunState.NEEDS_SUPPORT: Wording(
        "needs support",
        Tone.BAD,
        "The upgrade failed. Send the support bundle to Microsoft; nothing will be retried.",
    ),
}
"""The ends of a run, best first: reports list them in this order."""

SETTLED_MEANINGS: dict[RunState, str] = {
    RunState.CLOSED: "Settled and proven; nothing is left to do.",
    RunState.CLOSED_WITH_TASKS: (
        "Settled as far as a program can; the listed tasks are for a person."
    ),
    RunState.NOT_APPROVED: "Denied, or nobody answered in time. Nothing was written.",
    RunState.NEEDS_SUPPORT: (
        "The vault's upgrade failed or does not end. Nothing was written; ask Microsoft Support."
    ),
}
"""What the ends mean for a settlement, where that differs from an upgrade."""


VERDICTS: dict[Verdict, Wording] = {
    Verdict.FAIL: Wording("fail", Tone.BAD, "Looked at, and not as it should be."),
    Verdict.UNKNOWN: Wording("unknown", Tone.ATTENTION, "Could not be read; not a pass."),
    Verdict.PASS: Wording("pass", Tone.GOOD, "Looked at, and as it should be."),
    Verdict.NOT_APPLICABLE: Wording("not applicable", Tone.NEUTRAL, "Does not concern this vault."),
}
"""Verdicts, most urgent first: findings are listed in this order."""


STATEMENT_TONES: dict[StatementState, Tone] = {
    StatementState.OPEN: Tone.BAD,
    StatementState.UNKNOWN: Tone.ATTENTION,
    StatementState.HOLDS: Tone.GOOD,
    StatementState.NOT_APPLICABLE: Tone.NEUTRAL,
    StatementState.TOLD: Tone.NEUTRAL,
}
"""How loudly each state of a checklist's statement speaks."""


DECISIONS: dict[str, Wording] = {
    "change": Wording("change", Tone.NEUTRAL, "The policy gets the expected time zone."),
    "unchanged": Wording("unchanged", Tone.GOOD, "The policy names the expected zone already."),
    "refused": Wording("left as it is", Tone.ATTENTION, "It cannot be changed safely."),
    "not_applicable": Wording("no zone in ARM", Tone.NEUTRAL, "Only its machines know the clock."),
    UNDECIDED: Wording("undecided", Tone.ATTENTION, "Nobody names the expected zone."),
}
"""What a plan may decide about a policy."""


def state_wording(state: str) -> Wording:
    """The wording of any state, also of one on the way or one this version does not know."""
    # A report may come from a newer version, whose states have no wording here.
    if state in STATES:
        return STATES[RunState(state)]
    return Wording(state.replace("_", " "), Tone.NEUTRAL, "The run is still on its way.")


def settled_wording(state: RunState) -> Wording:
    """The wording of a settlement's end."""
    wording = STATES[state]
    return replace(wording, meaning=SETTLED_MEANINGS.get(state, wording.meaning))


def format_duration(seconds: float | None) -> str:
    """A span as people say it, with its two largest units: ``12 h 04 min``; ``-`` for None."""
    if seconds is None:
        return "-"
    # Clocks of two services may disagree by a second; nothing takes less than no time.
    whole = max(0, round(seconds))
    if whole < MINUTE_S:
        return f"{whole} s"
    if whole < HOUR_S:
        return f"{whole // MINUTE_S} min {whole % MINUTE_S:02} s"
    if whole < DAY_S:
        return f"{whole // HOUR_S} h {whole % HOUR_S // MINUTE_S:02} min"
    return f"{whole // DAY_S} d {whole % DAY_S // HOUR_S:02} h"


def format_moment(moment: datetime | None) -> str:
    """A moment in UTC to the second, ``2017-09-05 12:00:00 UTC``; ``-`` for None."""
    if moment is None:
        return "-"
    # Always UTC: evidence and support speak it, and readers sit in different zones.
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def count(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: ``1 vault``, ``3 vaults``."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"
