"""Signatures of webhooks."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.signatures import objection_to_signature, sign

SECRET = "a secret of good length"
NOW = datetime(2017, 9, 5, 12, tzinfo=UTC)
BODY = b'{"decision": "approve"}'
RUN = "upgrade-1"


def _objection(signature: str | None, body: bytes = BODY, now: datetime = NOW) -> str | None:
    return objection_to_signature(SECRET, RUN, body, signature, now)


def test_what_was_signed_now_counts() -> None:
    """Both sides know the secret."""
    assert _objection(sign(SECRET, RUN, BODY, NOW)) is None


def test_the_form_is_one_that_others_can_make() -> None:
    """``printf 'moment.id.body' | openssl dgst -sha256 -hmac SECRET`` gives the same digest."""
    digest = "4f0add271b5639ffe1d1748fdecd7069b4a10a7957a6e1aea6394342626c4341"

    assert f"t=1504612800,v1={digest}" == sign(SECRET, RUN, BODY, NOW)


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_clocks_may_differ_by_five_minutes(minutes: int) -> None:
    """Either way."""
    signature = sign(SECRET, RUN, BODY, NOW + timedelta(minutes=minutes))

    assert _objection(signature) is None


@pytest.mark.parametrize("minutes", [-5.1, 5.1])
def test_what_was_signed_at_another_time_does_not_count(minutes: float) -> None:
    """A message somebody kept cannot be sent again later."""
    signature = sign(SECRET, RUN, BODY, NOW + timedelta(minutes=minutes))

    assert "too old" in (_objection(signature) or "")


def test_a_changed_body_does_not_count() -> None:
    """Not by a single byte."""
    assert "does not fit" in (_objection(sign(SECRET, RUN, BODY, NOW), BODY + b" ") or "")


def test_what_was_signed_for_another_run_does_not_count() -> None:
    """A message for one vault cannot be sent to the next."""
    assert "does not fit" in (_objection(sign(SECRET, "upgrade-2", BODY, NOW)) or "")


def test_a_moment_that_was_changed_does_not_count() -> None:
    """It is signed along."""
    signature = sign(SECRET, RUN, BODY, NOW).replace("t=1504612800", "t=1504612801")

    assert "does not fit" in (_objection(signature) or "")


@pytest.mark.parametrize("signature", [None, "", "v1=00", "t=1,v1=xyz", "t=-1,v1=" + "0" * 64])
def test_what_is_no_signature_does_not_count(signature: str | None) -> None:
    """Missing and malformed alike."""
    assert "missing or malformed" in (_objection(signature) or "")
