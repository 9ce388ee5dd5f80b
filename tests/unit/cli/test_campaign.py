"""``vaultlift campaign``, against an app that answers."""

import json

import pytest
from typer.testing import CliRunner

from cli.campaign_body import parse_hours
from cli.exit_codes import ExitCode
from cli.main import app
from domain.errors import InvalidInputError
from tests.unit.cli.fake_app import SUBSCRIPTION, error_body, vault_body

CAMPAIGNS, ONE = "/api/campaigns", "/api/campaigns/c1"
ACCEPTED = {"id": "c1", "total": 2, "statusUrl": "http://app/api/campaigns/c1"}


def campaign(phase="running", **members):
    """A campaign as the API shows it."""
    view = {
        "id": "c1",
        "phase": phase,
        "cause": None,
        "reason": "",
        "total": 2,
        "counts": {"waiting": 2},
        "round": 1,
        "window": 50,
        "startedAt": "2026-11-23T12:00:00+00:00",
        "updatedAt": "2026-11-23T12:30:00+00:00",
        "endedAt": "2026-11-23T14:00:00+00:00" if phase in {"completed", "cancelled"} else None,
        "failed": [],
        "missing": [],
        "trail": [],
    }
    return view | members


@pytest.fixture
def vaults(tmp_path):
    """A file of two vaults."""
    path = tmp_path / "vaults.csv"
    path.write_text(
        "subscription_id,vault_name,region,target_resource_group,protected_items\n"
        f"{SUBSCRIPTION},vault-a,West US,rg,12\n{SUBSCRIPTION},vault-b,West US,rg,\n",
        encoding="utf-8",
    )
    return str(path)


def run(fake_app, *arguments):
    """Runs the command against the fake app."""
    return CliRunner().invoke(app, ["campaign", *arguments, "--url", fake_app.url])


def sent(fake_app, path=CAMPAIGNS):
    """The body of the first request to a path."""
    return next(body for method, at, _, body in fake_app.calls if (method, at) == ("POST", path))


def test_a_file_is_started_with_its_sizes(fake_app, vaults):
    """Vaults are those of the file; what was not given is left to the app."""
    fake_app.on("POST", CAMPAIGNS, (202, ACCEPTED))
    result = run(fake_app, "start", vaults, "--campaign-id", "c1", "--requested-by", "ada")

    body = sent(fake_app)
    assert (0, [("vault-a", 12), ("vault-b", None)]) == (
        result.exit_code,
        [(one["vaultName"], one.get("protectedItems")) for one in body.pop("vaults")],
    )
    assert {"campaignId": "c1", "requestedBy": "ada"} == body


def test_every_option_reaches_the_app(fake_app, vaults):
    """Limits, threshold and hours as the API spells them."""
    fake_app.on("POST", CAMPAIGNS, (202, ACCEPTED))
    options = [
        "-w",
        "9",
        "--per-subscription",
        "3",
        "--per-region",
        "4",
        "--max-failures-percent",
        "2.5",
    ]
    hours = ["--hours", "sat 08:00-20:00", "--hours-zone", "Europe/Berlin"]
    run(fake_app, "start", vaults, *options, *hours)

    body = sent(fake_app)
    assert (9, 3, 4, {"percent": 2.5}) == (
        body["window"],
        body["perSubscription"],
        body["perRegion"],
        body["errorThreshold"],
    )
    assert {
        "timeZone": "Europe/Berlin",
        "hours": [{"days": ["sat"], "start": "08:00", "end": "20:00"}],
    } == body["maintenance"]


def test_whole_subscriptions_are_started(fake_app):
    """The app finds the vaults; what they have in common is given."""
    fake_app.on("POST", CAMPAIGNS, (202, ACCEPTED))
    run(fake_app, "start", "--subscription", SUBSCRIPTION, "--target-resource-group", "rg")

    body = sent(fake_app)
    assert ([SUBSCRIPTION], {"targetResourceGroup": "rg"}) == (
        body["subscriptions"],
        body["defaults"],
    )


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("FILE", "--subscription", SUBSCRIPTION),
        ("FILE", "--time-zone", "UTC"),
        ("FILE", "--hours", "whenever"),
        ("FILE", "--hours-zone", "UTC"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(fake_app, vaults, arguments):
    """Neither nothing nor both, no options of the one for the other, no unreadable hours."""
    given = [vaults if one == "FILE" else one for one in arguments]
    result = run(fake_app, "start", *given)

    assert (ExitCode.TOOL_ERROR, []) == (result.exit_code, fake_app.calls)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("22:00-04:00", ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
        ("mon-fri 22:00-04:00", ["mon", "tue", "wed", "thu", "fri"]),
        ("Sat,sun 22:00-04:00", ["sat", "sun"]),
        ("fri-mon 22:00-04:00", ["fri", "sat", "sun", "mon"]),
        ("mon,mon-tue 22:00-04:00", ["mon", "tue"]),
    ],
)
def test_hours_are_read_as_people_write_them(text, days):
    """Days as a list, a range, or every day; a range may go over the weekend."""
    assert {"days": days, "start": "22:00", "end": "04:00"} == parse_hours(text)


@pytest.mark.parametrize("text", ["", "mon", "22-04", "mo-fr 22:00-04:00", "abc 22:00-04:00"])
def test_hours_that_cannot_be_read_are_refused(text):
    """With the form they should have."""
    with pytest.raises(InvalidInputError) as caught:
        parse_hours(text)

    assert "mon-fri 22:00-04:00" in caught.value.problems[0].message


def test_a_dry_run_shows_the_plan(fake_app, vaults):
    """Who starts when, how long it takes, what is left out; and a script sees changes pending."""
    planned = {
        "position": 0,
        "id": "upgrade-x",
        "vault": vault_body("vault-a"),
        "protectedItems": 12,
        "expectedMinutes": 16,
        "expectedStart": "2026-11-23T12:00:00+00:00",
    }
    plan = {
        "total": 1,
        "window": 50,
        "unknownSizes": 0,
        "expectedStart": "2026-11-23T12:00:00+00:00",
        "expectedEnd": "2026-11-23T12:16:00+00:00",
        "expectedHours": 0.27,
        "lowerBoundHours": 0.26,
        "vaults": [planned],
        "skipped": [{"vault": "vault-old", "why": "is upgraded already"}],
    }
    fake_app.on("POST", CAMPAIGNS, (200, plan))
    result = run(fake_app, "start", vaults, "--dry-run")

    assert (ExitCode.PENDING, True) == (result.exit_code, sent(fake_app)["dryRun"])
    for text in ("vault-a", "16", "0.27 h", "0.26 h", "vault-old is upgraded", "Nothing was start"):
        assert text in result.output


def test_a_start_whose_answer_was_lost_is_found(fake_app, vaults):
    """It is not started again under another id."""
    fake_app.on("POST", CAMPAIGNS, (0, b"")).on("GET", ONE, (200, campaign()))
    result = run(fake_app, "start", vaults, "--campaign-id", "c1")

    assert (0, "c1: started over 2 vaults.") == (result.exit_code, result.output.strip())


def test_a_start_that_never_got_there_says_so(fake_app, vaults):
    """The first failure is the one to tell."""
    fake_app.on("POST", CAMPAIGNS, (503, error_body("QueueUnavailable", "no queue")))
    result = run(fake_app, "start", vaults, "--campaign-id", "c1")

    assert ExitCode.TOOL_ERROR == result.exit_code
    assert "no queue" in result.output


@pytest.mark.parametrize(
    ("view", "code"),
    [
        (campaign(), ExitCode.PENDING),
        (campaign("cancelling", counts={"sent": 2}), ExitCode.PENDING),
        (campaign("paused", cause="operator"), ExitCode.PENDING),
        (campaign("paused", cause="threshold"), ExitCode.THRESHOLD),
        (campaign("completed", counts={"closed": 2}), ExitCode.CLEAN),
        (campaign("completed", counts={"closed": 1, "blocked": 1}), ExitCode.FINDINGS),
        (campaign("completed", counts={"blocked": 1, "stopped": 1}), ExitCode.UNKNOWN),
        (campaign("completed", counts={"not_approved": 2}), ExitCode.NOT_APPROVED),
        (campaign("cancelled", counts={"closed": 1, "cancelled": 1}), ExitCode.FINDINGS),
        (campaign("broken", endedAt="2026-11-23T14:00:00Z"), ExitCode.UNKNOWN),
    ],
)
def test_the_exit_code_says_how_it_stands(fake_app, view, code):
    """A script learns whether to wait, to look, or that all is well."""
    fake_app.on("GET", ONE, (200, view))

    assert code == run(fake_app, "status", "c1").exit_code


def test_the_status_shows_trouble_and_trail(fake_app):
    """Which vaults failed, and who asked what."""
    failed = {"position": 1, "id": "upgrade-y", "vault": vault_body("vault-bad")}
    line = {
        "at": "2026-11-23T12:00:00+00:00",
        "what": "pause-requested",
        "requestedBy": "ada",
        "detail": "lunch",
    }
    view = campaign("paused", reason="Paused by ada.", failed=[failed], trail=[line])
    fake_app.on("GET", ONE, (200, view))
    result = run(fake_app, "status", "c1")

    for text in ("vault-bad", "upgrade-y", "pause-requested", "ada", "lunch", "Paused by ada."):
        assert text in result.output


def test_all_pages_of_campaigns_are_listed(fake_app):
    """Page by page, and the latest of all first."""
    later = campaign(id="c2", startedAt="2026-11-24T12:00:00+00:00")
    fake_app.on("GET", CAMPAIGNS, (200, {"campaigns": [campaign()], "continuationToken": "a/b"}))
    fake_app.on("GET", f"{CAMPAIGNS}?continuation=a%2Fb", (200, {"campaigns": [later]}))

    listed = run(fake_app, "status", "--json")

    assert ["c2", "c1"] == [json.loads(one)["id"] for one in listed.stdout.splitlines()]


def test_all_campaigns_are_listed(fake_app):
    """One row each; JSON has one line each."""
    page = {"campaigns": [campaign(), campaign("completed", counts={"closed": 2}, id="c0")]}
    fake_app.on("GET", CAMPAIGNS, (200, page))
    result = run(fake_app, "status", "--json")

    lines = [json.loads(line) for line in result.output.splitlines()]
    assert [("c1", "running"), ("c0", "completed")] == [(one["id"], one["phase"]) for one in lines]


def test_following_ends_when_the_campaign_pauses(fake_app):
    """It goes on only when somebody says so, so there is nothing to wait for."""
    views = (campaign(), campaign(counts={"sent": 2}), campaign("paused", cause="threshold"))
    fake_app.on(
        "GET", ONE, (200, views[0]), (503, error_body("X", "away")), *((200, v) for v in views[1:])
    )
    result = run(fake_app, "status", "c1", "--follow", "--interval", "0.1")

    assert ExitCode.THRESHOLD == result.exit_code
    assert "2 in flight of 2" in result.output


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel", "redrive"])
def test_verbs_are_asked_of_the_app(fake_app, verb):
    """With who asks and why."""
    fake_app.on("POST", f"{ONE}/{verb}", (202, {"id": "c1", "verb": verb}))
    result = run(fake_app, verb, "c1", "--requested-by", "ada", "--comment", "lunch")

    assert (0, {"requestedBy": "ada", "comment": "lunch"}) == (
        result.exit_code,
        sent(fake_app, f"{ONE}/{verb}"),
    )


def test_a_refused_verb_is_an_error(fake_app):
    """The app's reason is what is said."""
    refusal = error_body("NotAllowed", "The campaign is running; it takes no resume now.")
    fake_app.on("POST", f"{ONE}/resume", (409, refusal))
    result = run(fake_app, "resume", "c1")

    assert ExitCode.TOOL_ERROR == result.exit_code
    assert "takes no resume now" in result.output
