"""Which runs of an evidence store a report shows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.codec import to_json
from domain.errors import EvidenceError
from reports.gathering import gather
from tests.fakes import MemoryEvidence
from tests.unit.reports.samples import NOON, report, settlement


class MadeUpEvidence(MemoryEvidence):
    """Takes documents of any kind, as a store may hold."""

    is_published = False


def envelope(data, *, vault="vault-clean", run_id="request-1", at=NOON, kind="outcome"):
    """An evidence document around ``data``."""
    return {
        "schema": "vaultlift/evidence/1",
        "kind": kind,
        "vault": vault,
        "runId": run_id,
        "recordedAt": at.isoformat(),
        "data": data,
    }


def run_again(made, run_id, *, hours):
    """The same vault, run once more and ended ``hours`` later."""
    ended_at = made.outcome.ended_at + timedelta(hours=hours)
    prefix = made.outcome.evidence_prefix.replace(made.outcome.run_id, run_id)
    outcome = replace(made.outcome, run_id=run_id, ended_at=ended_at, evidence_prefix=prefix)
    return replace(made, outcome=outcome)


async def keep(store, *reports):
    """Puts the outcomes where runs put them."""
    for made in reports:
        key = f"{made.outcome.evidence_prefix}/outcome.json"
        await store.create(key, envelope(to_json(made), run_id=made.outcome.run_id))


async def test_outcome_is_read_back_as_it_was():
    """What a run left in evidence is exactly what the report is made from."""
    store = MadeUpEvidence()
    await keep(store, report())

    assert (report(),) == (await gather(store)).reports


async def test_last_ended_run_of_a_vault_is_shown():
    """Of several runs of a vault the one that ended last counts, whatever its name."""
    store = MadeUpEvidence()
    later = run_again(report(), "a-request", hours=3)
    await keep(store, later, report())

    assert (later,) == (await gather(store)).reports


async def test_run_without_outcome_is_unfinished():
    """A run that has evidence but no outcome is listed with its latest document."""
    store = MadeUpEvidence()
    prefix = "vaults/0123/runs/request-7"
    later = NOON + timedelta(minutes=5)
    await store.create(f"{prefix}/09-check.json", envelope({}, run_id="request-7", kind="check"))
    await store.create(
        f"{prefix}/04-poll.json", envelope({}, run_id="request-7", at=later, kind="poll")
    )

    (run,) = (await gather(store)).unfinished

    assert ("vault-clean", "request-7", f"{prefix}/04-poll.json", later) == (
        run.vault,
        run.run_id,
        run.last_document,
        run.recorded_at,
    )


async def test_documents_outside_of_runs_are_no_runs():
    """Start intents belong to the vault, not to a run."""
    store = MadeUpEvidence()
    await store.create("vaults/0123/start/intent.json", envelope({}, kind="intent"))

    gathered = await gather(store)

    assert ((), ()) == (gathered.reports, gathered.unfinished)


async def test_other_schema_is_refused_by_key():
    """A document of another schema is refused, and the message names its key."""
    store = MadeUpEvidence()
    await store.create(
        "vaults/0/runs/r/outcome.json", {**envelope({}), "schema": "vaultlift/evidence/9"}
    )

    with pytest.raises(EvidenceError, match=r"vaults/0/runs/r/outcome\.json"):
        await gather(store)


async def test_broken_outcome_is_refused_by_member():
    """An outcome that is not one is refused, and the message names the member."""
    store = MadeUpEvidence()
    data = to_json(report())
    data["outcome"]["state"] = "finished"
    await store.create("vaults/0/runs/r/outcome.json", envelope(data))

    with pytest.raises(EvidenceError, match=r"outcome\.state"):
        await gather(store)


async def test_unfinished_document_without_time_is_refused():
    """An evidence document without a time is refused rather than guessed at."""
    store = MadeUpEvidence()
    document = envelope({})
    del document["recordedAt"]
    await store.create("vaults/0/runs/r/01-start.json", document)

    with pytest.raises(EvidenceError, match="recordedAt"):
        await gather(store)


async def test_the_latest_document_is_the_latest_moment():
    """Fractions of a second count, although their texts sort the other way round."""
    store = MadeUpEvidence()
    texts = {"01-start": "2026-11-23T12:00:00Z", "02-check": "2026-11-23T12:00:00.250000Z"}
    for step, text in texts.items():
        document = {**envelope({}, kind="step"), "recordedAt": text}
        await store.create(f"vaults/0/runs/r/{step}.json", document)

    (run,) = (await gather(store)).unfinished

    assert "vaults/0/runs/r/02-check.json" == run.last_document


async def test_settlements_stand_beside_upgrades():
    """A settlement that was started by itself is no run of an upgrade, and is not left out."""
    store = MadeUpEvidence()
    await keep(store, report(), settlement())

    gathered = await gather(store)

    assert ((report(),), (settlement(),)) == (gathered.reports, gathered.settlements)


async def test_the_last_settlement_of_a_vault_is_shown():
    """A vault is settled again at any time; what ended last is how it stands."""
    store = MadeUpEvidence()
    later = run_again(settlement(), "another", hours=30 * 24)
    await keep(store, later, settlement())

    assert (later,) == (await gather(store)).settlements


async def test_a_settlement_on_its_way_is_unfinished():
    """It may wait for the edit budget for days."""
    store = MadeUpEvidence()
    key = f"{settlement().outcome.evidence_prefix}/09-time-zone-plan.json"
    await store.create(key, envelope({}, vault="vault-old", kind="time-zone-plan"))

    (run,) = (await gather(store)).unfinished

    assert ("vault-old", "request-1") == (run.vault, run.run_id)
