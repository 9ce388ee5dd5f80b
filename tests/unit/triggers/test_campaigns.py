"""Campaigns over HTTP, on the app's own workflows in virtual time."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import azure.functions as func
import pytest
from durabletask.client import OrchestrationState

from domain.codec import to_json
from domain.errors import EvidenceError, UnavailableError
from domain.retries import RetryAuthorization, attempt_folder
from domain.upgrade import UpgradeStatus
from domain.vaults import VaultType
from orchestrators import names
from tests.fake_workflow_client import WorkflowClient
from tests.fakes import (
    NOON,
    SUBSCRIPTION,
    classic_ref,
    classic_vault,
    upgrade_record,
    upgrade_request,
)
from tests.fleet import Fleet, fleet_requests
from triggers.campaign_commands import post_command
from triggers.campaigns import get_campaign, list_campaigns, post_campaigns

WITHOUT_ROWS = {"requestedBy": "ada", "window": 1, "campaignId": "c1"}


def http(
    body: Any = None, *, headers: dict[str, str] | None = None, **route: str
) -> func.HttpRequest:
    """A request as the host gives it."""
    return func.HttpRequest(
        method="POST",
        url="http://localhost:7071/api/campaigns",
        headers=headers,
        route_params=route,
        body=body if isinstance(body, bytes) else json.dumps(body or {}).encode(),
    )


def read(response: func.HttpResponse) -> Any:
    """The answer's JSON."""
    return json.loads(response.get_body())


class App:
    """The routes of one app on a fleet."""

    def __init__(self, count: int = 3, **fleet: Any) -> None:
        requests = fleet_requests(upgrade_request(), count)
        minutes = {one.vault.name: timedelta(minutes=17) for one in requests}
        self.fleet = Fleet.make(requests, minutes, **fleet)
        self.client: Any = WorkflowClient(self.fleet.workflow)
        self.rows = [
            {
                "subscriptionId": one.vault.subscription_id,
                "vaultName": one.vault.name,
                "region": one.vault.region,
                "targetResourceGroup": "rg-backup-upgraded",
                "timeZone": "Pacific Standard Time",
                "approval": "automatic",
            }
            for one in requests
        ]

    async def start(self, **changes: Any) -> func.HttpResponse:
        """Asks for a campaign over all vaults."""
        body = {**WITHOUT_ROWS, "vaults": self.rows, **changes}
        return await post_campaigns(
            http({name: value for name, value in body.items() if value is not None}),
            self.client,
            self.fleet.ports,
        )

    async def command(self, verb: str, body: Any = None, **headers: str) -> func.HttpResponse:
        """Asks something of the campaign."""
        request = http(body or {"requestedBy": "bob"}, headers=headers, id="c1", verb=verb)
        return await post_command(request, self.client, self.fleet.ports)

    async def look(self, campaign_id: str = "c1") -> func.HttpResponse:
        """Looks at the campaign."""
        return await get_campaign(http(id=campaign_id), self.client, self.fleet.ports)

    async def settle(self, hours: int | None = None) -> None:
        """Lets time pass."""
        until = None if hours is None else NOON + timedelta(hours=hours)
        await self.fleet.workflow.settle(until)


async def test_a_campaign_is_accepted_and_runs() -> None:
    """From the list to the last verdict, with where to look in the answer."""
    app = App()
    response = await app.start()
    assert (202, "http://localhost:7071/api/campaigns/c1") == (
        response.status_code,
        read(response)["statusUrl"],
    )

    await app.settle()

    view = read(await app.look())
    assert ("completed", {"closed": 3}) == (view["phase"], view["counts"])


async def test_a_campaign_whose_plan_cannot_be_kept_is_not_started() -> None:
    """503 with a code, and nothing runs: the plan is in the evidence before anything begins."""
    app = App()
    app.fleet.evidence.fail("create", EvidenceError("the disk is away"))

    response = await app.start()

    assert (503, "EvidenceUnavailable", 404) == (
        response.status_code,
        read(response)["error"]["code"],
        (await app.look()).status_code,
    )


@pytest.mark.parametrize(
    ("method", "ask"),
    [("create", lambda app: app.command("pause")), ("list_keys", lambda app: app.look())],
    ids=["command", "look"],
)
async def test_a_campaign_says_that_its_evidence_is_away(method: str, ask: Any) -> None:
    """503 with a code, and not the host's bare 500."""
    app = App()
    await app.start()
    app.fleet.evidence.fail(method, EvidenceError("the disk is away"))

    response = await ask(app)

    assert (503, "EvidenceUnavailable") == (response.status_code, read(response)["error"]["code"])


async def test_a_dry_run_shows_the_plan_and_starts_nothing() -> None:
    """Order, start of each vault, expected end: and nothing is kept or sent."""
    app = App()
    app.rows[2]["protectedItems"] = 1000
    app.rows[0]["protectedItems"] = 1
    response = await app.start(dryRun=True)

    plan = read(response)
    assert (200, ["vault-0002", "vault-0001", "vault-0000"]) == (
        response.status_code,
        [one["vault"]["name"] for one in plan["vaults"]],
    )
    assert [90, 24, 15] == [one["expectedMinutes"] for one in plan["vaults"]]
    assert (1, 2.15) == (plan["unknownSizes"], plan["expectedHours"])
    assert ({}, {}) == (app.fleet.workflow.instances, app.fleet.evidence.documents)


async def test_a_bad_body_names_every_problem() -> None:
    """Vaults and options are checked together."""
    app = App()
    app.rows[1]["region"] = "?"
    response = await app.start(window=0, errorThreshold={"percent": 300}, requestedBy=7)

    problems = read(response)["error"]["problems"]
    assert 400 == response.status_code
    assert {"window", "errorThreshold.percent", "region", "requestedBy"} == {
        one["field"] for one in problems
    }


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
async def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    """In words, not with a stack trace."""
    app = App()
    response = await post_campaigns(http(body), app.client, app.fleet.ports)

    assert 400 == response.status_code


async def test_an_id_in_use_is_refused() -> None:
    """A second campaign never takes over the first one's plan."""
    app = App()
    await app.start()
    response = await app.start(window=2)

    assert (409, "AlreadyExists") == (response.status_code, read(response)["error"]["code"])


async def test_a_start_that_died_half_way_may_be_repeated() -> None:
    """The plan is there, the campaign is not: the same request goes on."""
    app = App()
    await app.start()
    app.fleet.workflow.instances.clear()
    app.fleet.workflow.clock.advance(timedelta(minutes=1))

    assert 202 == (await app.start()).status_code


async def test_an_id_whose_plan_was_another_is_refused() -> None:
    """Evidence is never overwritten, and a campaign never runs on a foreign plan."""
    app = App()
    await app.start()
    app.fleet.workflow.instances.clear()
    app.rows[0]["targetResourceGroup"] = "rg-other"

    assert 409 == (await app.start()).status_code


async def test_whole_subscriptions_are_discovered_live() -> None:
    """What is upgraded, failed or not a Backup vault is left out, and the plan says so."""
    app = App(1)
    for name, changes in (
        ("done", {"record": upgrade_record(status=UpgradeStatus.UPGRADED)}),
        ("failed", {"record": upgrade_record(status=UpgradeStatus.FAILED)}),
        ("busy", {"record": upgrade_record()}),
        ("recovery", {}),
    ):
        kind = VaultType.SITE_RECOVERY if name == "recovery" else VaultType.BACKUP
        ref = replace(classic_ref(name), vault_type=kind)
        app.fleet.classic.vaults[ref.key] = classic_vault(ref, **changes)
        app.fleet.classic.durations = {**app.fleet.classic.durations, name: timedelta(hours=1)}
    found = {"subscriptions": [SUBSCRIPTION], "defaults": {"targetResourceGroup": "rg"}}

    plan = read(await app.start(vaults=None, dryRun=True, **found))

    assert ["vault-0000", "busy"] == [one["vault"]["name"] for one in plan["vaults"]]
    assert ["is upgraded already", "failed to upgrade earlier", "is a HyperV"] == [
        one["why"].split(";")[0][:25].rstrip() if "HyperV" not in one["why"] else "is a HyperV"
        for one in plan["skipped"]
    ]


async def test_a_subscription_that_cannot_be_listed_stops_the_start() -> None:
    """Unknown is not empty: nothing is started from half an estate."""
    app = App()
    app.fleet.classic.fail("list_vaults", UnavailableError("away", subject="list"))
    found = {"subscriptions": [SUBSCRIPTION], "defaults": {"targetResourceGroup": "rg"}}
    response = await app.start(vaults=None, **found)

    assert (502, "DiscoveryFailed") == (response.status_code, read(response)["error"]["code"])
    assert {} == app.fleet.workflow.instances


async def test_nothing_to_upgrade_is_said() -> None:
    """A subscription without vaults is a mistake, not a campaign of none."""
    app = App()
    app.fleet.classic.vaults.clear()
    found = {"subscriptions": [SUBSCRIPTION], "defaults": {"targetResourceGroup": "rg"}}

    assert 400 == (await app.start(vaults=None, **found)).status_code


async def test_pause_resume_and_cancel_leave_a_trail() -> None:
    """Who asked what, what came of it, and when; the comment is kept."""
    app = App(12)
    await app.start()
    app.fleet.workflow.clock.advance(timedelta(seconds=1))
    for verb, hours in (("pause", 1), ("resume", 2), ("cancel", 3)):
        body = {"requestedBy": "bob", "comment": f"please {verb}"}
        assert 202 == (await app.command(verb, body)).status_code
        await app.settle(hours=hours)

    trail = read(await app.look())["trail"]
    assert [
        ("start-requested", "ada", ""),
        ("pause-requested", "bob", "please pause"),
        ("pause-done", "bob", "11 vaults wait"),
    ] == [(one["what"], one["requestedBy"], one["detail"]) for one in trail[:3]]
    assert 7 == len(trail)


async def test_a_command_out_of_turn_is_refused() -> None:
    """A campaign that runs cannot be resumed."""
    app = App()
    await app.start()
    await app.settle(hours=0)
    response = await app.command("resume")

    assert (409, "NotAllowed") == (response.status_code, read(response)["error"]["code"])


@pytest.mark.parametrize("body", [{"comment": "x"}, {"requestedBy": ""}, {"requestedBy": 3}, [1]])
async def test_a_command_needs_somebody_who_asks(body: Any) -> None:
    """Nothing is done for nobody."""
    app = App()
    await app.start()

    assert 400 == (await app.command("pause", body)).status_code


async def test_the_signed_in_caller_is_who_asks() -> None:
    """The platform's sign-in counts, and a body that claims another is refused."""
    app = App()
    await app.start()
    signed_in = {"x-ms-client-principal-name": "eve@example.com"}
    refused = await app.command("pause", {"requestedBy": "bob"}, **signed_in)
    app.fleet.workflow.clock.advance(timedelta(minutes=1))
    await app.command("pause", {"comment": "x"}, **signed_in)

    trail = read(await app.look())["trail"]
    assert 400 == refused.status_code
    assert "eve@example.com" == trail[-1]["requestedBy"]


@pytest.mark.parametrize(("campaign_id", "verb"), [("nobody", "pause"), ("c1", "explode")])
async def test_what_is_not_there_is_not_found(campaign_id: str, verb: str) -> None:
    """Neither an unknown campaign nor an unknown verb."""
    app = App()
    await app.start()
    request = http({"requestedBy": "bob"}, id=campaign_id, verb=verb)
    response = await post_command(request, app.client, app.fleet.ports)

    assert 404 == response.status_code


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
async def test_a_campaign_that_has_ended_takes_no_more_orders(verb: str) -> None:
    """There is nothing left to pause, and nothing a cancel could save; the answer says so."""
    app = App(1)
    await app.start()
    await app.settle()
    response = await app.command(verb)

    assert (409, True) == (
        response.status_code,
        "completed" in read(response)["error"]["message"],
    )


async def test_a_second_pause_changes_nothing() -> None:
    """Refused once the first has been taken; before that, the trail says that it was ignored."""
    app = App(4)
    await app.start()
    await app.settle(hours=0)
    for _ in range(2):
        app.fleet.workflow.clock.advance(timedelta(seconds=1))
        assert 202 == (await app.command("pause")).status_code
    await app.settle(hours=1)
    late = await app.command("pause")

    whats = [one["what"] for one in read(await app.look())["trail"]]
    assert ["pause-done", "pause-ignored"] == [one for one in whats if "requested" not in one]
    assert 409 == late.status_code


async def test_two_campaigns_may_share_a_vault() -> None:
    """The second joins the first one's runs, and both end; no vault is upgraded twice."""
    app = App(3)
    await app.start(window=3)
    await app.start(window=3, campaignId="c2")
    await app.settle()

    views = [read(await app.look(one)) for one in ("c1", "c2")]
    assert [("completed", {"closed": 3})] * 2 == [(one["phase"], one["counts"]) for one in views]
    assert 3 == len(app.fleet.classic.started)


class Overtaken(WorkflowClient):
    """Sees the hub as it was before somebody else's call, once; refuses what runs, as a host."""

    def __init__(self, app: App) -> None:
        super().__init__(app.fleet.workflow)
        self.earlier: list[OrchestrationState | None] = []

    async def get_orchestration_state(
        self, instance_id: str, *, fetch_payloads: bool = True
    ) -> OrchestrationState | None:
        """What was there, then what is there."""
        if self.earlier:
            return self.earlier.pop()
        return await super().get_orchestration_state(instance_id, fetch_payloads=fetch_payloads)

    async def schedule_new_orchestration(self, orchestrator: str, **options: Any) -> str:
        """Starts nothing that runs."""
        there = self._workflow.instances.get(options["instance_id"])
        if there is not None and there.status == "RUNNING":
            raise RuntimeError("An Orchestration instance with the status Running already exists")
        return await super().schedule_new_orchestration(orchestrator, **options)


async def test_two_starts_at_once_are_one_campaign() -> None:
    """The second is told so, as if it had come a moment later."""
    app = App()
    await app.start()
    app.client = Overtaken(app)
    app.client.earlier = [None]
    response = await app.start()

    assert (409, "AlreadyExists") == (response.status_code, read(response)["error"]["code"])


async def test_two_redrives_at_once_are_one_round_more() -> None:
    """The second finds the campaign begun anew, and the campaign says what it makes of it."""
    app = App(1)
    app.fleet.classic.fail("read_vault", *[UnavailableError("later", subject="list")] * 5)
    await app.start()
    await app.settle()
    app.client = Overtaken(app)
    ended = await app.client.get_orchestration_state("campaign-c1")
    first = await app.command("redrive")
    app.client.earlier = [ended]
    second = await app.command("redrive")
    await app.settle()

    view = read(await app.look())
    assert [202, 202] == [first.status_code, second.status_code]
    assert ({"closed": 1}, 2) == (view["counts"], view["round"])


async def test_a_hub_that_is_away_is_no_second_start() -> None:
    """What the hub could not do is raised, and the caller may ask again."""
    app = App()
    app.client = Overtaken(app)

    async def away(*_args: Any, **_options: Any) -> str:
        raise OSError("the hub is away")

    app.client.schedule_new_orchestration = away
    with pytest.raises(OSError, match="away"):
        await app.start()


@pytest.mark.parametrize("by", ["ada\nbob", "ada\x1b[2J", "ada\u2028bob", "a\x85da"])
async def test_nobody_writes_two_lines_into_the_trail(by: str) -> None:
    """A name that looks like another line of the trail, or moves the cursor, is refused."""
    app = App()
    await app.start()

    assert 400 == (await app.command("pause", {"requestedBy": by})).status_code
    assert 400 == (await app.start(requestedBy=by, campaignId="c2")).status_code


async def test_what_is_wrong_is_not_repeated_at_full_length() -> None:
    """A megabyte of nonsense is answered with a sentence."""
    app = App()
    app.rows[0]["vaultName"] = "v" * 1_000_000
    app.rows[0]["w" * 1_000_000] = 1
    response = await app.start(maintenance={"timeZone": "z" * 1_000_000, "hours": []})

    assert 400 == response.status_code
    assert 10_000 > len(response.get_body())


async def test_an_unknown_campaign_is_not_found() -> None:
    """A look at nothing says so."""
    assert 404 == (await App().look("nobody")).status_code


async def test_a_failed_vault_is_named() -> None:
    """Whoever looks at a paused campaign sees which vaults failed."""
    app = App(failing=["vault-0001"])
    await app.start(errorThreshold={"count": 0})
    await app.settle()

    view = read(await app.look())
    assert ("paused", ["vault-0001"]) == (
        view["phase"],
        [one["vault"]["name"] for one in view["failed"]],
    )


async def test_an_ended_campaign_is_redriven() -> None:
    """The vault that was stopped runs again, under the same campaign."""
    app = App(1)
    app.fleet.classic.fail("read_vault", *[UnavailableError("later", subject="list")] * 5)
    await app.start()
    await app.settle()
    assert {"stopped": 1} == read(await app.look())["counts"]

    assert 202 == (await app.command("redrive")).status_code
    await app.settle()

    view = read(await app.look())
    assert ({"closed": 1}, 2) == (view["counts"], view["round"])


async def test_a_redrive_never_retries_a_failed_upgrade() -> None:
    """Nothing is started, and the trail says why (DESIGN rule 2)."""
    app = App(1, failing=["vault-0000"])
    await app.start()
    await app.settle()
    app.fleet.workflow.clock.advance(timedelta(seconds=1))
    assert 202 == (await app.command("redrive")).status_code
    await app.settle()

    view = read(await app.look())
    assert ("completed", {"needs_support": 1}) == (view["phase"], view["counts"])
    assert "0 vaults wait again; 1 failed and must not be retried" == view["trail"][-1]["detail"]
    assert 1 == len(app.fleet.classic.started)


async def test_a_redrive_retries_what_microsoft_said_to_retry() -> None:
    """An instruction that was recorded opens one more attempt, and the campaign makes it."""
    app = App(2, failing=["vault-0000", "vault-0001"])
    await app.start()
    await app.settle()
    instruct(app, "vault-0000")
    app.fleet.classic.failing = frozenset()
    await app.command("redrive")
    await app.settle()

    assert {"closed": 1, "needs_support": 1} == read(await app.look())["counts"]
    assert 3 == len(app.fleet.classic.started)


def instruct(app: App, name: str) -> None:
    """Records Microsoft's instruction to start a failed upgrade once more."""
    vault = next(one for one in app.fleet.classic.vaults.values() if one.ref.name == name)
    assert vault.record is not None
    authorization = RetryAuthorization(
        attempt=2,
        failed_operation_id=vault.record.operation_id,
        ticket="2611230040001234",
        instruction="Start it once more.",
        authorized_by="ada",
        at=NOON,
    )
    key = f"{attempt_folder(vault.ref.key, 2)}/authorization.json"
    app.fleet.evidence.documents[key] = {"data": to_json(authorization)}


async def test_a_redrive_of_a_campaign_that_ended_well_is_refused() -> None:
    """There is nothing to run again."""
    app = App(1)
    await app.start()
    await app.settle()
    response = await app.command("redrive")

    assert (409, "NothingToRedrive") == (response.status_code, read(response)["error"]["code"])


async def test_campaigns_are_listed_latest_first() -> None:
    """One line each, without their vaults."""
    app = App(1)
    await app.start(campaignId="first")
    app.fleet.workflow.clock.advance(timedelta(minutes=1))
    await app.start(campaignId="second")

    listed = read(await list_campaigns(http(), app.client))["campaigns"]
    assert ["second", "first"] == [one["id"] for one in listed]


@pytest.mark.parametrize("name", [names.RUN_CAMPAIGN, names.AUDIT_ESTATE])
async def test_what_was_begun_by_hand_hides_no_campaign(name: str) -> None:
    """Anybody with the management API can do that; it is no campaign, and the others are shown."""
    app = App(1)
    await app.start()
    app.fleet.workflow.start(name, {"of": "another kind"}, "campaign-by-hand")

    listed = read(await list_campaigns(http(), app.client))["campaigns"]
    asked = await get_campaign(http(id="by-hand"), app.client, app.fleet.ports)

    assert (1, 404) == (len(listed), asked.status_code)
