"""The nightly timer starts one audit a day."""

from dataclasses import replace

import pytest
from durabletask.client import OrchestrationState, OrchestrationStatus

from domain.audits import AuditRequest
from domain.codec import to_json
from orchestrators import names
from tests.fake_durable import FakeDurableClient, instance_state
from tests.fakes import NOON, SUBSCRIPTION, fake_ports
from triggers.timers import MAX_AUDITS_OF_DAY, start_audit

AUDIT = f"audit-{NOON:%Y-%m-%d}"


async def test_the_audit_of_a_day_is_started_with_its_subscriptions() -> None:
    """The instance is named after the day."""
    client = FakeDurableClient()

    await start_audit(client, fake_ports(), (SUBSCRIPTION,))

    request = AuditRequest(audit_id=f"{NOON:%Y-%m-%d}", subscriptions=(SUBSCRIPTION,))
    assert [(names.AUDIT_ESTATE, AUDIT, to_json(request))] == client.started


async def test_a_timer_that_fires_twice_starts_one_audit() -> None:
    """A day's audit that runs, or has run, is not started again."""
    client = FakeDurableClient(replace(instance_state(), instance_id=AUDIT))

    await start_audit(client, fake_ports(), (SUBSCRIPTION,))

    assert [] == client.started


async def test_of_two_timers_at_once_one_starts_the_audit() -> None:
    """The other is refused by the host, and has nothing to do."""
    client = FakeDurableClient()
    client.refuse_start = replace(instance_state(), instance_id=AUDIT)

    assert AUDIT == await start_audit(client, fake_ports(), (SUBSCRIPTION,))


def _ended(instance_id: str, status: OrchestrationStatus) -> OrchestrationState:
    return replace(instance_state(status=status), instance_id=instance_id)


@pytest.mark.parametrize("end", [OrchestrationStatus.FAILED, OrchestrationStatus.TERMINATED])
async def test_an_audit_that_is_not_done_is_begun_again_under_its_own_id(
    end: OrchestrationStatus, caplog: pytest.LogCaptureFixture
) -> None:
    """Evidence is written once, so the next audit has keys of its own; the log says why."""
    client = FakeDurableClient(_ended(AUDIT, end))

    begun = await start_audit(client, fake_ports(), (SUBSCRIPTION,))

    request = AuditRequest(audit_id=f"{NOON:%Y-%m-%d}-2", subscriptions=(SUBSCRIPTION,))
    assert (f"{AUDIT}-2", [(names.AUDIT_ESTATE, f"{AUDIT}-2", to_json(request))]) == (
        begun,
        client.started,
    )
    assert (True, False) == ("is not done" in caplog.text, "done already" in caplog.text)


async def test_an_audit_that_was_begun_again_and_is_done_stays_done() -> None:
    """One whole audit a day, however many broke down before it."""
    client = FakeDurableClient(
        _ended(AUDIT, OrchestrationStatus.FAILED),
        _ended(f"{AUDIT}-2", OrchestrationStatus.COMPLETED),
    )

    assert f"{AUDIT}-2" == await start_audit(client, fake_ports(), (SUBSCRIPTION,))
    assert [] == client.started


async def test_an_audit_that_always_breaks_down_is_not_begun_for_ever() -> None:
    """The number of a day is bounded."""
    numbers = range(2, MAX_AUDITS_OF_DAY + 1)
    ids = [AUDIT, *(f"{AUDIT}-{number}" for number in numbers)]
    client = FakeDurableClient(*(_ended(one, OrchestrationStatus.FAILED) for one in ids))

    await start_audit(client, fake_ports(), (SUBSCRIPTION,))

    assert [] == client.started
