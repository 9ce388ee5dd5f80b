"""The words of a campaign fit those of a run."""

import re

import pytest

from domain.campaigns import (
    ALLOWED,
    ENDED_PHASES,
    OPEN_MARKS,
    CampaignPhase,
    ErrorThreshold,
    Mark,
    Verb,
    campaign_instance_id,
    mark_of,
    round_request_id,
)
from domain.intake_json import REQUEST_ID_PATTERN
from domain.upgrade import END_STATES, RunState


def test_every_end_of_a_run_has_a_mark_of_its_own() -> None:
    """A state without one would end the campaign that meets it."""
    marks = {mark_of(state) for state in END_STATES}

    assert set(Mark) - OPEN_MARKS - {Mark.CANCELLED} == marks
    assert len(END_STATES) == len(marks)


def test_a_state_that_is_no_end_has_none() -> None:
    """Nobody may write down an end that was not reached."""
    with pytest.raises(KeyError):
        mark_of(RunState.UPGRADING)


def test_a_mark_is_one_letter() -> None:
    """Ten thousand of them are ten thousand letters."""
    assert {1} == {len(mark) for mark in Mark}


def test_every_phase_says_what_may_be_asked() -> None:
    """An ended campaign can only be redriven, and every verb is of use somewhere."""
    assert set(CampaignPhase) == set(ALLOWED)
    assert set(Verb) == set().union(*ALLOWED.values())
    assert {Verb.REDRIVE} == set().union(*(ALLOWED[phase] for phase in ENDED_PHASES))


@pytest.mark.parametrize("round_no", [1, 2, 999])
def test_request_ids_of_rounds_fit_everywhere(round_no: int) -> None:
    """Each round's is different, and all may stand in an evidence key."""
    campaign_id = "a" * 60
    request_id = round_request_id(campaign_id, round_no)

    assert re.fullmatch(REQUEST_ID_PATTERN, request_id)
    assert 100 >= len(campaign_instance_id(campaign_id))
    assert (round_no == 1) == (request_id == campaign_id)


@pytest.mark.parametrize(
    ("threshold", "failures", "expected"),
    [
        (ErrorThreshold(percent=3), 30, False),
        (ErrorThreshold(percent=3), 31, True),
        (ErrorThreshold(percent=0), 1, True),
        (ErrorThreshold(count=30), 30, False),
        (ErrorThreshold(count=30), 31, True),
    ],
)
def test_a_threshold_is_what_is_tolerated(
    threshold: ErrorThreshold, failures: int, *, expected: bool
) -> None:
    """Of a thousand vaults, three per cent are thirty."""
    assert expected is threshold.is_exceeded(failures, 1000)
