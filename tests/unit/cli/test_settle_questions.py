"""What a settlement asks is told once, with everything needed to answer."""

import pytest

from cli.settle_questions import Questions
from cli.settle_views import SettlementView
from tests.unit.cli.fake_app import view_body

PLAN = {"hash": "h" * 64, "changes": ["Daily: properties.timeZone from (absent) to UTC"]}
POLICY = {"policy": "Daily", "decision": "change", "then": "Runs daily at 22:00 (UTC)"}


def view(state, **members):
    """A settlement in a state."""
    return SettlementView.model_validate(view_body("vault-old", state, **members))


@pytest.fixture
def told():
    """The lines that were told, and who tells them."""
    lines = []
    return lines, Questions(lines.append)


def test_a_plan_is_told_with_its_changes_and_previews(told):
    """Whoever agrees sees what to, and what it does to every run."""
    lines, questions = told

    questions.look([view("awaiting_approval", plan=PLAN, policies=[POLICY])])

    assert [
        "vault-old: would write Daily: properties.timeZone from (absent) to UTC",
        "vault-old: Daily: change.",
        "vault-old: Daily, then: Runs daily at 22:00 (UTC)",
    ] == lines


def test_changes_that_do_not_show_are_counted(told):
    """Whoever agrees must not take the first of them for all."""
    lines, questions = told

    questions.look([view("awaiting_approval", plan={**PLAN, "count": 200})])

    assert "vault-old: would write 199 more; every one of them is in the evidence" == lines[-1]


def test_a_guard_is_told_with_what_to_ask_for(told):
    """In the service's words, made into a request."""
    lines, questions = told

    questions.look([view("waiting_for_guard", guard={"text": "Ask the owner.", "requestId": "r"})])

    assert ["vault-old: Ask the owner."] == lines


def test_a_question_is_told_once(told):
    """Not at every look; and again when another one is asked."""
    lines, questions = told
    waiting = view("awaiting_approval", plan=PLAN)
    for one in (waiting, waiting, view("settling"), waiting):
        questions.look([one])

    assert 1 == len(lines)


@pytest.mark.parametrize("state", ["settling", "proving", "closed", "awaiting_approval"])
def test_nothing_is_made_up(told, state):
    """A settlement that asks nothing, or whose plan does not show yet."""
    lines, questions = told

    questions.look([view(state)])

    assert [] == lines
