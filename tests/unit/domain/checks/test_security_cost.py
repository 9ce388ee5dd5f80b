"""What enhanced security means for people is told."""

import pytest

from domain import security
from domain.checks import security_cost
from domain.findings import Fact, Verdict


def _fact(value: str | None) -> Fact:
    return Fact(field="f", value=value)


@pytest.mark.parametrize(
    ("word", "verdict"),
    [
        ("Enabled", Verdict.PASS),
        ("Disabled", Verdict.NOT_APPLICABLE),
        (None, Verdict.UNKNOWN),
    ],
)
def test_the_pin_is_told_where_security_is_on(word: str | None, verdict: Verdict) -> None:
    """On: which operations ask for it, and that deleted data is billed."""
    state = security.setting_state((_fact(word),))

    assert verdict == security_cost.check_cost(state, vault="vault-one").verdict


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        (["14", "14"], Verdict.PASS),
        (["14", None], Verdict.PASS),
        (["7"], Verdict.FAIL),
        (["14", "30"], Verdict.UNKNOWN),
        ([None], Verdict.NOT_APPLICABLE),
        (["fourteen"], Verdict.UNKNOWN),
    ],
    ids=["agreed", "one silent", "too short", "contradicted", "silent", "odd"],
)
def test_days_of_soft_delete_are_those_all_sources_agree_on(
    values: list[str | None], verdict: Verdict
) -> None:
    """Contradiction is unknown, silence is the default."""
    facts = tuple(map(_fact, values))

    assert verdict == security_cost.check_days(facts, vault="vault-one").verdict
