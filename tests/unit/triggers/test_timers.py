"""The nightly timer starts one audit a day."""

from dataclasses import replace

from domain.audits import AuditRequest
from domain.codec import to_json
from orchestrators import names
from tests.fake_durable import FakeDurableClient, instance_state
from tests.fakes import NOON, SUBSCRIPTION, fake_ports
from triggers.timers import start_audit

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
