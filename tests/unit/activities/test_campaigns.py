"""Sending, looking after and writing down the vaults of a campaign."""

from datetime import timedelta

import pytest

from activities.campaigns import (
    run_look_at_runs,
    run_record_campaign,
    run_record_note,
    run_send_vaults,
)
from adapters.ports import UpgradeRun
from domain.campaign_steps import (
    PLAN_PAGE,
    CampaignRecord,
    LookRequest,
    NoteRecord,
    PlanPage,
    SendRequest,
    plan_key,
)
from domain.campaigns import CampaignOptions, CampaignState, InFlight, Limits, Note
from domain.codec import to_json
from domain.errors import EvidenceError, UnavailableError
from domain.requests import Slot
from domain.upgrade import RunState
from tests.fakes import NOON, FakeQueue, MemoryEvidence, classic_ref, fake_ports, upgrade_request
from tests.unit.activities.test_admission import FakeRuns

LATER = NOON + timedelta(hours=1)


class Desk:
    """A campaign whose plan is in the evidence."""

    def __init__(self, count: int = 3) -> None:
        self.queue, self.evidence, self.runs = FakeQueue(), MemoryEvidence(), FakeRuns()
        self.ports = fake_ports(queue=self.queue, evidence=self.evidence)
        self.requests = [upgrade_request(classic_ref(f"vault-{one:03d}")) for one in range(count)]
        for page in range(0, count, PLAN_PAGE):
            vaults = PlanPage(vaults=tuple(self.requests[page : page + PLAN_PAGE]))
            key = plan_key("c1", page // PLAN_PAGE)
            self.evidence.documents[key] = {"data": to_json(vaults)}

    async def send(self, *positions: int) -> None:
        """Sends vaults of the plan."""
        request = SendRequest(campaign_id="c1", request_id="c1.r2", positions=positions)
        await run_send_vaults(self.ports, request)

    def run(self, position: int, state: RunState, **changes: object) -> None:
        """Makes the run of a vault as it stands."""
        values = {
            "request_id": "c1",
            "slot": None,
            "state": state,
            "is_ended": state in {RunState.CLOSED, RunState.BLOCKED},
            "updated_at": LATER,
        }
        self.runs.runs[self.requests[position].vault.key] = UpgradeRun(**{**values, **changes})

    async def look(self, *in_flight: int, proving: tuple[int, ...] = ()):
        """Looks at vaults sent at noon."""
        asked = tuple(InFlight(position=one, request_id="c1", sent_at=NOON) for one in in_flight)
        request = LookRequest(campaign_id="c1", in_flight=asked, proving=proving)
        return await run_look_at_runs(self.ports, self.runs, request)


async def test_vaults_are_sent_with_the_slot_they_take() -> None:
    """Under the round's request id, so that a redrive is no repetition."""
    desk = Desk()
    await desk.send(2, 0)

    assert [
        ("vault-002", "c1.r2", Slot(holder="campaign-c1", position=2)),
        ("vault-000", "c1.r2", Slot(holder="campaign-c1", position=0)),
    ] == [(one.vault.name, one.request_id, one.slot) for one in desk.queue.sent]


async def test_positions_are_found_on_every_page() -> None:
    """The plan is kept a hundred vaults to a page, and only the pages asked for are read."""
    desk = Desk(2 * PLAN_PAGE + 5)
    await desk.send(PLAN_PAGE - 1, PLAN_PAGE, 2 * PLAN_PAGE + 4)

    assert ["vault-099", "vault-100", "vault-204"] == [one.vault.name for one in desk.queue.sent]
    assert 3 == desk.evidence.count("read")


async def test_a_sent_vault_can_be_looked_at_before_its_run() -> None:
    """As one that was handed in over HTTP."""
    desk = Desk()
    await desk.send(0)

    key = f"vaults/{desk.requests[0].vault.key}/accepted/c1.r2.json"
    assert key in desk.evidence.documents


async def test_sending_again_sends_the_same_messages() -> None:
    """An activity that was cut off is made again; the queue drops the copies."""
    desk = Desk()
    await desk.send(1)
    await desk.send(1)

    assert 1 == len({one.message_id for one in desk.queue.sent})


async def test_a_plan_that_is_gone_is_an_error() -> None:
    """Nothing is sent from a plan nobody can read."""
    desk = Desk()
    desk.evidence.documents.clear()

    with pytest.raises(EvidenceError, match="plan of the campaign"):
        await desk.send(0)
    assert [] == desk.queue.sent


async def test_a_queue_that_is_away_is_an_error() -> None:
    """The campaign decides what that means."""
    desk = Desk()
    desk.queue.fail("send", UnavailableError("no route", subject="queue"))

    with pytest.raises(UnavailableError):
        await desk.send(0)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (RunState.UPGRADING, []),
        (RunState.PROVING, [(0, RunState.PROVING)]),
        (RunState.BLOCKED, [(0, RunState.BLOCKED)]),
    ],
)
async def test_a_look_tells_what_a_report_would_have(
    state: RunState, expected: list[tuple[int, RunState]]
) -> None:
    """Nothing while the vault is being upgraded; its end, or that its slot is free."""
    desk = Desk()
    desk.run(0, state)
    answer = await desk.look(0)

    assert (expected, ()) == (
        [(one.position, one.state) for one in answer.progress],
        answer.missing,
    )


async def test_a_vault_without_a_run_is_missing() -> None:
    """Its message is on its way, or lost."""
    answer = await Desk().look(0)

    assert ((), (0,)) == (answer.progress, answer.missing)


async def test_a_run_that_was_joined_counts() -> None:
    """It was there before the campaign sent anything, and ended after."""
    desk = Desk()
    desk.run(0, RunState.CLOSED, request_id="somebody-else")
    answer = await desk.look(0)

    assert [RunState.CLOSED] == [one.state for one in answer.progress]


async def test_a_run_of_an_earlier_time_does_not_count() -> None:
    """The campaign's own message has not begun a run yet."""
    desk = Desk()
    earlier = NOON - timedelta(days=1)
    desk.run(0, RunState.BLOCKED, request_id="last-week", updated_at=earlier)
    answer = await desk.look(0)

    assert ((), (0,)) == (answer.progress, answer.missing)


async def test_a_vault_that_waited_for_its_jobs_and_is_gone_is_stopped() -> None:
    """Somebody purged its run: nobody can vouch for it, and nobody waits for ever."""
    answer = await Desk().look(proving=(1,))

    assert [(1, RunState.STOPPED)] == [(one.position, one.state) for one in answer.progress]


async def test_notes_of_one_moment_are_kept_apart_and_in_order() -> None:
    """Two vaults lost at once are two lines."""
    desk = Desk()
    for number in range(2):
        note = Note(what="vault-lost", detail=f"position {number}")
        record = NoteRecord(campaign_id="c1", at=NOON, number=number, note=note)
        await run_record_note(desk.ports, record)

    kept = [key for key in sorted(desk.evidence.documents) if "/trail/" in key]
    assert ["position 0", "position 1"] == [
        desk.evidence.documents[key]["data"]["detail"] for key in kept
    ]


async def test_how_a_round_ended_is_kept_once() -> None:
    """Each redrive has an end of its own."""
    desk = Desk()
    options = CampaignOptions(limits=Limits(window=1))
    for round_no, marks in ((1, "fx"), (2, "fc"), (2, "??")):
        state = CampaignState(
            campaign_id="c1",
            options=options,
            marks=marks,
            places="AAAAAA",
            started_at=NOON,
            round_no=round_no,
        )
        await run_record_campaign(desk.ports, CampaignRecord(state=state, at=LATER))

    kept = [key for key in sorted(desk.evidence.documents) if "outcome" in key]
    assert ["fx", "fc"] == [desk.evidence.documents[key]["data"]["state"]["marks"] for key in kept]
