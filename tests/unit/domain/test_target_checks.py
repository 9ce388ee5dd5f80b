"""Rules about the target of an upgrade (vault-upgrade 1.3, 1.7)."""

from typing import Any

import pytest

from domain.prechecks import Consent, Gravity
from domain.target_checks import default_group, judge_group, judge_same_name
from tests.fakes import vault_ref
from tests.unit.domain.check_samples import context


def _groups(*names: str) -> list[dict[str, Any]]:
    return [{"name": name} for name in names]


def test_a_group_that_is_there_leaves_nothing_to_say() -> None:
    """Names are compared without case."""
    assert [] == judge_group(context("RG-Backup"), _groups("rg-backup"))


def test_a_group_that_is_not_there_takes_consent() -> None:
    """The service would make it; the request can agree to that."""
    (reason,) = judge_group(context("rg-new"), _groups("production"))

    assert ("TargetGroupMissing", Gravity.WARNING, Consent.CREATE_GROUP) == (
        reason.code,
        reason.gravity,
        reason.consent,
    )


def test_the_message_says_where_the_group_will_be_made() -> None:
    """In the vault's region, by the service."""
    (reason,) = judge_group(context("rg-new", region="Australia East"), [])

    assert "in Australia East" in reason.what_to_do


def test_consent_makes_a_missing_group_a_note() -> None:
    """Nobody is asked twice."""
    (reason,) = judge_group(context("rg-new", create_group=True), _groups("production"))

    assert (Gravity.NOTE, False) == (reason.gravity, reason.needs_consent)


@pytest.mark.parametrize("wanted", ["rg-bakcup", "rg-backups", "RG-BACKUP1", "rgbackup"])
def test_a_name_that_resembles_one_that_is_there_takes_a_person(wanted: str) -> None:
    """A slip of the pen is agreed to by no flag: a misspelt name would make a new group."""
    (reason,) = judge_group(context(wanted, create_group=True), _groups("rg-backup", "other"))

    assert ("TargetGroupResembles", None, True) == (
        reason.code,
        reason.consent,
        "rg-backup" in reason.message,
    )


def test_the_default_group_of_the_region_is_a_note() -> None:
    """Forced upgrades use it, so somebody may mean it."""
    group = default_group("West US")

    (reason,) = judge_group(context(group), _groups(group))

    assert ("DefaultGroup", Gravity.NOTE) == (reason.code, reason.gravity)


def test_the_default_group_of_another_region_is_a_warning() -> None:
    """More likely a mistake than not."""
    group = default_group("West Europe")

    (reason,) = judge_group(context(group, region="West US"), _groups(group))

    assert ("DefaultGroupOfOtherRegion", Gravity.WARNING) == (reason.code, reason.gravity)


@pytest.mark.parametrize(
    ("region", "group"),
    [
        ("West US", "Default-RecoveryServices-ResourceGroup-westus"),
        ("Australia East", "Default-RecoveryServices-ResourceGroup-australiaeast"),
    ],
)
def test_the_default_group_is_named_after_the_region(region: str, group: str) -> None:
    """Lower case, without blanks."""
    assert group == default_group(region)


def test_a_vault_of_the_same_name_blocks() -> None:
    """Another group has to be chosen."""
    vault = {"properties": {"provisioningState": "Succeeded"}}

    (reason,) = judge_same_name(vault_ref(), vault)

    assert ("TargetVaultExists", True, "Choose a different resource group.") == (
        reason.code,
        reason.is_blocking,
        reason.what_to_do,
    )


def test_a_vault_that_is_provisioning_does_not_block() -> None:
    """That is an upgrade that runs, or one that failed and may be told to be retried."""
    assert [] == judge_same_name(vault_ref(), {"properties": {"provisioningState": "Provisioning"}})


def test_no_vault_of_the_name_does_not_block() -> None:
    """The usual case."""
    assert [] == judge_same_name(vault_ref(), None)


def test_a_vault_without_a_state_blocks() -> None:
    """What is not known to be provisioning is taken for a vault."""
    (reason,) = judge_same_name(vault_ref(), {"properties": {}})

    assert "in state unknown" in reason.message
