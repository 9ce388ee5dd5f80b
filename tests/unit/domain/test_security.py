"""Safeguards, as several places tell of them."""

from itertools import permutations
from typing import Any

import pytest

from domain.findings import Fact
from domain.security import (
    ENHANCED_SECURITY,
    SOFT_DELETE,
    Protection,
    facts_about,
    setting_state,
)
from tests.unit.domain.builders import reading


def vault(**settings: Any) -> dict[str, Any]:
    """A vault with these soft-delete settings."""
    return {"properties": {"securitySettings": {"softDeleteSettings": settings}}}


def state_of(*words: str | None) -> tuple[Protection, bool]:
    """What sources that say these words come to, and whether they contradict each other."""
    state = setting_state(tuple(Fact(field="f", value=word) for word in words))
    return state.protection, state.is_contradicted


@pytest.mark.parametrize(
    ("words", "protection"),
    [
        (["Enabled"], Protection.ON),
        (["enabled", "Enabled"], Protection.ON),
        (["AlwaysON"], Protection.ALWAYS_ON),
        (["alwayson"], Protection.ALWAYS_ON),
        (["AlwaysON", "Enabled"], Protection.ALWAYS_ON),
        (["Disabled", None], Protection.OFF),
        (["Invalid", "Enabled"], Protection.ON),
        ([None], Protection.UNKNOWN),
        (["Invalid"], Protection.UNKNOWN),
        ([], Protection.UNKNOWN),
    ],
)
def test_sources_that_agree_or_are_silent(words: list[str | None], protection: Protection) -> None:
    """Silence takes nothing away, and the order of sources does not matter."""
    assert {(protection, False)} == {state_of(*order) for order in permutations(words)}


@pytest.mark.parametrize("words", [["Enabled", "Disabled"], ["AlwaysON", None, "Disabled"]])
def test_sources_that_contradict_each_other_leave_it_unknown(words: list[str | None]) -> None:
    """Nobody is believed."""
    assert {(Protection.UNKNOWN, True)} == {state_of(*order) for order in permutations(words)}


def test_one_setting_is_never_read_for_another() -> None:
    """Enhanced security and soft delete stand side by side and mean different things."""
    document = reading(vault(enhancedSecurityState="Disabled", softDeleteState="Enabled"))
    config = reading(
        {"properties": {"enhancedSecurityState": "Disabled", "softDeleteFeatureState": "Enabled"}}
    )

    assert (["Disabled", "Disabled"], ["Enabled", "Enabled"]) == (
        [one.value for one in facts_about(ENHANCED_SECURITY, [document], config)],
        [one.value for one in facts_about(SOFT_DELETE, [document], config)],
    )


def test_a_silent_source_is_evidence_too() -> None:
    """An old API version answers without the settings; that it did so is kept."""
    facts = facts_about(ENHANCED_SECURITY, [reading({"properties": {}})], None)

    assert [None] == [one.value for one in facts]
