"""Whether enhanced security and soft delete are on."""

from typing import Any

import pytest

from domain.checks import vault_security
from domain.findings import Finding, Verdict
from domain.readings import FailedRead
from tests.unit.domain.builders import reading

UNREADABLE = FailedRead(what="vaultconfig", reason="403")


def vault(**settings: Any) -> Any:
    """A reading of the vault with these soft-delete settings."""
    return reading({"properties": {"securitySettings": {"softDeleteSettings": settings}}})


def config(enhanced: str | None = None, soft_delete: str | None = None) -> Any:
    """A reading of vaultconfig."""
    properties = {"enhancedSecurityState": enhanced, "softDeleteFeatureState": soft_delete}
    return reading({"properties": properties})


def judge(document: Any, settings: Any, listed: Any = None) -> dict[str, Finding]:
    """The findings by check id."""
    found = vault_security.check(document, settings, vault="vault-one", listed=listed)
    return {one.check_id: one for one in found}


@pytest.mark.parametrize(
    ("document", "settings", "verdict"),
    [
        (vault(enhancedSecurityState="Enabled"), config("Enabled"), Verdict.PASS),
        (vault(enhancedSecurityState="AlwaysON"), config("Enabled"), Verdict.PASS),
        (vault(), config("Enabled"), Verdict.PASS),
        (vault(enhancedSecurityState="Enabled"), UNREADABLE, Verdict.PASS),
        (UNREADABLE, config("Disabled"), Verdict.FAIL),
        (vault(enhancedSecurityState="Enabled"), config("Disabled"), Verdict.UNKNOWN),
        (vault(), config(), Verdict.UNKNOWN),
        (vault(), UNREADABLE, Verdict.UNKNOWN),
        (UNREADABLE, UNREADABLE, Verdict.UNKNOWN),
    ],
)
def test_enhanced_security_by_every_source(document: Any, settings: Any, verdict: Verdict) -> None:
    """One source is enough, two that contradict each other are none."""
    assert verdict == judge(document, settings)["enhanced-security"].verdict


def test_a_list_that_contradicts_the_vault_leaves_it_unknown() -> None:
    """A third source counts like the others, and all values are shown."""
    found = judge(
        vault(enhancedSecurityState="Enabled"),
        config("Enabled"),
        vault(enhancedSecurityState="Disabled"),
    )["enhanced-security"]

    assert Verdict.UNKNOWN == found.verdict
    assert "Enabled, Disabled, Enabled" in found.message


def test_enhanced_security_is_not_soft_delete() -> None:
    """Each is judged by its own field, always-on in the service's own spelling."""
    found = judge(vault(softDeleteState="AlwaysON", enhancedSecurityState="Disabled"), config())

    assert (Verdict.PASS, Verdict.FAIL) == (
        found["soft-delete"].verdict,
        found["enhanced-security"].verdict,
    )


def test_what_is_off_can_be_turned_on() -> None:
    """The next step says where."""
    found = judge(vault(), config("Disabled", "Disabled"))

    assert all("security settings" in one.what_to_do for one in found.values())


def test_how_long_deleted_data_is_kept_is_evidence() -> None:
    """As each source has it."""
    found = judge(vault(softDeleteState="Enabled", softDeleteRetentionPeriodInDays=14), config())

    assert ["Enabled", None, "14", None] == [one.value for one in found["soft-delete"].facts]
