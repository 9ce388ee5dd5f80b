"""What a report says of one policy comes from the plan and from the last word of its write."""

from typing import Any

import pytest

from domain.outlooks import PolicyOutlook, policy_outlook

PREVIEW = {"runs": [{"text": "Runs daily at 22:30 (Tokyo Standard Time) = 13:30 UTC."}]}
CHANGE = {
    "kind": "change",
    "differences": [{"path": "properties.timeZone", "before": "(absent)", "after": "UTC"}],
}


def _row(**members: Any) -> dict[str, Any]:
    return {"policy": "Daily", "plan": None, "runTimes": ["daily at 22:30"], **members}


def _outlook(word: dict[str, Any] | None = None, undo: str = "", **members: Any) -> PolicyOutlook:
    return policy_outlook(_row(**members), word or {}, undo)


def test_a_change_shows_what_differs_and_both_meanings() -> None:
    """As found and as set, so that a reader sees the moment move."""
    found = _outlook(plan=CHANGE, previewNow=PREVIEW, previewThen=PREVIEW)

    assert ("change", ("properties.timeZone: (absent) becomes UTC",), True) == (
        found.decision,
        found.differences,
        found.now == found.then == (PREVIEW["runs"][0]["text"],),
    )


@pytest.mark.parametrize(
    ("plan", "whose"),
    [(None, "a zone it does not name"), ({"kind": "not_applicable"}, "each machine that uses it")],
)
def test_times_without_a_zone_are_never_shown_as_utc(plan: Any, whose: str) -> None:
    """DESIGN rule 6: the clock is told, not a moment."""
    assert (f"Runs daily at 22:30 on the clock of {whose}.",) == _outlook(plan=plan).now


def test_a_policy_without_times_says_nothing_about_them() -> None:
    """Azure SQL keeps retention only; plans of earlier versions kept no times."""
    assert () == _outlook(runTimes=[]).now
    assert () == policy_outlook({"policy": "Sql", "plan": None}, {}, "").now


def test_nobody_s_zone_is_undecided() -> None:
    """The plan holds no decision at all then."""
    assert "undecided" == _outlook().decision


def test_the_end_of_the_write_and_the_way_back_are_told() -> None:
    """Whatever the write came to, its before-image is there."""
    word = {"outcome": "refused", "message": "daily retention is 5 days"}
    found = _outlook(word, "vaults/k/09-policies/Daily/1-01-before.json", plan=CHANGE)

    assert ("refused", "daily retention is 5 days", True) == (
        found.written,
        found.message,
        found.undo.endswith("-before.json"),
    )
