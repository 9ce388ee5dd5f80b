"""Rules about the subscription of an upgrade (vault-upgrade 1.1, 1.9)."""

from typing import Any

import pytest

from domain.prechecks import Consent, Gravity
from domain.subscription_checks import (
    RECOVERY_SERVICES,
    judge_feature,
    judge_provider,
    judge_subscription,
    provider_state,
)
from tests.unit.domain.check_samples import context


def _subscription(quota_id: str = "PayAsYouGo_2014-09-01", state: str = "Enabled") -> Any:
    return {"state": state, "subscriptionPolicies": {"quotaId": quota_id}}


def test_an_ordinary_subscription_leaves_nothing_to_say() -> None:
    """Enabled, and not a CSP's."""
    assert [] == judge_subscription(_subscription())


@pytest.mark.parametrize("quota_id", ["CSP_2015-05-01", "csp_mg_2017-12-01"])
def test_a_subscription_of_a_csp_blocks(quota_id: str) -> None:
    """Backup vaults of CSP subscriptions are not supported."""
    (reason,) = judge_subscription(_subscription(quota_id))

    assert ("CspSubscription", True) == (reason.code, reason.is_blocking)


@pytest.mark.parametrize("state", ["Disabled", "Warned", "PastDue"])
def test_a_subscription_that_is_not_enabled_blocks(state: str) -> None:
    """Nothing can be started in it."""
    (reason,) = judge_subscription(_subscription(state=state))

    assert ("SubscriptionNotEnabled", True) == (reason.code, reason.is_blocking)


def test_a_registered_provider_is_a_note() -> None:
    """Nothing to agree to."""
    reason = judge_provider(context(), RECOVERY_SERVICES, {"registrationState": "Registered"})

    assert (Gravity.NOTE, "") == (reason.gravity, reason.what_to_do)


@pytest.mark.parametrize("state", ["NotRegistered", "Unregistered", "Registering", "Pending"])
def test_a_provider_that_is_not_registered_takes_consent(state: str) -> None:
    """Registering changes the subscription."""
    reason = judge_provider(context(), RECOVERY_SERVICES, {"registrationState": state})

    assert (Gravity.WARNING, Consent.REGISTER_PROVIDERS) == (reason.gravity, reason.consent)


def test_consent_makes_an_unregistered_provider_a_note() -> None:
    """The flag registerProviders agrees to it."""
    agreed = context(register_providers=True)

    reason = judge_provider(agreed, RECOVERY_SERVICES, {"registrationState": "NotRegistered"})

    assert (Gravity.NOTE, True) == (reason.gravity, bool(reason.what_to_do))


def test_an_absent_state_counts_as_registered() -> None:
    """As in the upgrade script."""
    assert "Registered" == provider_state({})


def test_the_registered_feature_is_a_note() -> None:
    """The subscription was let into the preview."""
    (reason,) = judge_feature({"properties": {"state": "Registered"}})

    assert Gravity.NOTE == reason.gravity


@pytest.mark.parametrize("state", ["Pending", "Registering"])
def test_a_pending_feature_blocks_and_says_wait(state: str) -> None:
    """Approval is on its way."""
    (reason,) = judge_feature({"properties": {"state": state}})

    assert ("FeaturePending", True) == (reason.code, reason.is_blocking)


@pytest.mark.parametrize("state", ["NotRegistered", "Unregistered", "NewWord", None])
def test_any_other_state_of_the_feature_blocks(state: str | None) -> None:
    """Anything else means that the subscription is not enabled."""
    (reason,) = judge_feature({"properties": {"state": state}})

    assert ("FeatureNotEnabled", True) == (reason.code, reason.is_blocking)


def test_a_feature_the_service_does_not_know_asks_nobody() -> None:
    """The preview is over; there is nothing to be let into."""
    (reason,) = judge_feature(None)

    assert Gravity.NOTE == reason.gravity
