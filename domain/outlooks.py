"""What a settlement found of each policy's times and what became of it, for whoever reads on.

Made from the plan, which is kept before anything is written, and from the last word of the write.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.codec import JsonObject

UNDECIDED = "undecided"
"""Decision about a policy for which nobody names a zone."""

ZONELESS = "not_applicable"
"""Decision about a policy that keeps no zone in ARM."""


@dataclass(frozen=True, kw_only=True)
class PolicyOutlook:
    """One policy: what its times mean, what was decided, and how that ended."""

    policy: str
    decision: str
    """``change``, ``unchanged``, ``refused``, ``not_applicable`` or ``undecided``."""
    reason: str
    """Why it is left as it is; empty where it changes."""
    differences: tuple[str, ...]
    """What the write changes, one place each."""
    now: tuple[str, ...]
    """What the policy's times mean as it was found, one text for each of its runs."""
    then: tuple[str, ...]
    """What they mean once changed; empty where nothing changes."""
    written: str
    """What became of the write: changed, refused, unknown ...; empty where none was tried."""
    message: str
    """The last that is known of the write."""
    undo: str
    """Evidence key of the before-image with the way back; empty where nothing was sent."""


def _texts(preview: JsonObject | None) -> tuple[str, ...]:
    return tuple(run["text"] for run in (preview or {}).get("runs", ()))


def _now(row: JsonObject, decision: str) -> tuple[str, ...]:
    told = _texts(row.get("previewNow"))
    times = row.get("runTimes") or ()
    if told or not times:
        return told
    # Nobody can say what these mean, and a reader must not take them for UTC (DESIGN rule 6).
    whose = "each machine that uses it" if decision == ZONELESS else "a zone it does not name"
    return (f"Runs {'; '.join(times)} on the clock of {whose}.",)


def policy_outlook(row: JsonObject, word: Mapping[str, object], undo: str) -> PolicyOutlook:
    """One policy of a plan.

    Args:
        row: The policy's row in the kept plan.
        word: The last that is known of its write; empty where none was tried.
        undo: Evidence key of its before-image, or empty.
    """
    plan: JsonObject = row["plan"] or {"kind": UNDECIDED}
    return PolicyOutlook(
        policy=row["policy"],
        decision=plan["kind"],
        reason=plan.get("reason", ""),
        differences=tuple(
            f"{one['path']}: {one['before']} becomes {one['after']}"
            for one in plan.get("differences", ())
        ),
        now=_now(row, plan["kind"]),
        then=_texts(row.get("previewThen")),
        written=str(word.get("outcome") or ""),
        message=str(word.get("message") or ""),
        undo=undo,
    )
