"""``vaultlift campaign``: start, watch and steer a campaign."""

import uuid
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import typer

from cli.account import account_name
from cli.campaign_body import maintenance, threshold, without_nothing
from cli.campaign_client import CampaignClient
from cli.campaign_options import (
    ApprovalMode,
    CampaignId,
    CampaignIdOption,
    DryRun,
    Follow,
    Group,
    HoursOption,
    HoursZone,
    MaxFailures,
    MaxFailuresPercent,
    PerRegion,
    PerSubscription,
    SomeCampaignId,
    SomeFile,
    Subscriptions,
    Window,
    Zone,
)
from cli.campaign_tables import (
    campaign_sentence,
    campaign_table,
    plan_sentences,
    plan_table,
    trail_table,
    trouble_table,
)
from cli.campaign_views import CampaignView
from cli.exit_codes import ExitCode
from cli.input_file import read_vaults, upgrade_body
from cli.options import DEFAULT_URL, Comment, Interval, Json, Key, Quiet, RequestedBy, Url
from cli.output import Output
from cli.patience import Pace, Patience
from cli.progress import LineProgress
from cli.transport import JsonTransport
from domain.campaigns import Verb
from domain.codec import JsonObject
from domain.errors import ConfigurationError

app = typer.Typer(
    name="campaign",
    help="Upgrade hundreds of vaults, so many at a time.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _source(
    file: Path | None,
    subscriptions: list[str] | None,
    defaults: JsonObject,
    by: str,
    campaign_id: str,
) -> JsonObject:
    """Where the vaults come from: a file, or whole subscriptions."""
    # Both would leave open whose fields count for a vault that is in the file and in a
    # subscription.
    if (file is None) == (not subscriptions):
        raise ConfigurationError(
            "Name a file of vaults, or subscriptions.",
            what_to_do="Use `vaultlift campaign start FILE` or `... start --subscription ID`.",
        )
    given = without_nothing(defaults)
    if file is None:
        return {"subscriptions": subscriptions, "defaults": given}
    if given:
        raise ConfigurationError(
            f"{', '.join(given)} are columns of the file; the options are for --subscription."
        )
    requests = read_vaults(
        file, requested_by=by, request_id=campaign_id, requested_at=datetime.now(UTC)
    )
    return {"vaults": upgrade_body(requests)["vaults"]}


@app.command()
def start(  # noqa: PLR0913 - each argument is an option of the command
    file: SomeFile = None,
    *,
    subscriptions: Subscriptions = None,
    group: Group = None,
    time_zone: Zone = None,
    approval: ApprovalMode = None,
    window: Window = None,
    per_subscription: PerSubscription = None,
    per_region: PerRegion = None,
    max_failures: MaxFailures = None,
    max_failures_percent: MaxFailuresPercent = None,
    hours: HoursOption = None,
    hours_zone: HoursZone = None,
    campaign_id: CampaignIdOption = None,
    requested_by: RequestedBy = None,
    is_dry_run: DryRun = False,
    is_following: Follow = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
    interval_s: Interval = 2.0,
    as_json: Json = False,
    is_quiet: Quiet = False,
) -> ExitCode:
    """Start a campaign over the vaults of a file, or of whole subscriptions."""
    output = Output(as_json=as_json, is_quiet=is_quiet)
    # The id is chosen here, so that a start whose answer was lost can be looked for by it.
    by, known_as = requested_by or account_name(), campaign_id or uuid.uuid4().hex[:12]
    defaults = {"targetResourceGroup": group, "timeZone": time_zone, "approval": approval}
    limits = {
        "campaignId": known_as,
        "requestedBy": by,
        "window": window,
        "perSubscription": per_subscription,
        "perRegion": per_region,
        "errorThreshold": threshold(max_failures, max_failures_percent),
        "maintenance": maintenance(hours, hours_zone),
    }
    source = _source(file, subscriptions, defaults, by, known_as)
    body = without_nothing({**limits, **source})
    client = CampaignClient(JsonTransport(url, key))
    if is_dry_run:
        return _show_plan(output, client, body)
    accepted = client.start(body)
    output.event("started", id=accepted.id, total=accepted.total)
    output.say(f"{accepted.id}: started over {accepted.total} vaults.")
    return _follow(output, client, accepted.id, interval_s) if is_following else ExitCode.CLEAN


def _show_plan(output: Output, client: CampaignClient, body: JsonObject) -> ExitCode:
    plan = client.plan(body)
    output.event("plan", **plan.model_dump(mode="json", by_alias=True))
    output.show(plan_table(plan))
    for sentence in plan_sentences(plan):
        output.say(sentence)
    # As any plan with changes: a script can tell "due" from "done" (audit-checks E38).
    return ExitCode.PENDING


def _follow(
    output: Output, client: CampaignClient, campaign_id: str, interval_s: float
) -> ExitCode:
    """Looks until it pauses or ends; says something whenever something has changed."""
    patience = Patience(LineProgress(output), Pace(interval_s=interval_s))
    shown = ""
    while True:
        view = patience.look(partial(client.read, campaign_id))
        if view is not None:
            shown = _tell_news(output, view, shown)
            # A pause ends the watching, too: without somebody it would go on for ever, and the exit
            # code tells a script so.
            if view.needs_somebody:
                return _show(output, view)
        patience.pause()


def _tell_news(output: Output, view: CampaignView, shown: str) -> str:
    line = campaign_sentence(view)
    if line != shown:
        output.event("progress", **_members(view))
        output.say(line)
    return line


def _members(view: CampaignView) -> JsonObject:
    return view.model_dump(mode="json", by_alias=True)


def _show(output: Output, view: CampaignView) -> ExitCode:
    output.event("campaign", **_members(view))
    output.show(campaign_table((view,)))
    if view.reason:
        output.say(view.reason)
    if view.failed or view.missing:
        output.show(trouble_table(view))
    if view.trail:
        output.show(trail_table(view))
    return view.exit_code


@app.command()
def status(
    campaign_id: SomeCampaignId = None,
    *,
    is_following: Follow = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
    interval_s: Interval = 2.0,
    as_json: Json = False,
    is_quiet: Quiet = False,
) -> ExitCode:
    """Show how a campaign stands, with its failed vaults and its trail; or all campaigns."""
    output = Output(as_json=as_json, is_quiet=is_quiet)
    client = CampaignClient(JsonTransport(url, key))
    if campaign_id is None:
        views = client.list_all()
        for view in views:
            output.event("campaign", **_members(view))
        output.show(campaign_table(views))
        # The codes are ordered by how much they ask of somebody, so the highest stands for all.
        return max((view.exit_code for view in views), default=ExitCode.CLEAN)
    if is_following:
        return _follow(output, client, campaign_id, interval_s)
    return _show(output, client.read(campaign_id))


def _ask(verb: Verb, text: str, help_text: str) -> None:
    """Makes the command for one verb."""

    # Made by the calls below: four verbs that differ in two sentences only.
    @app.command(name=verb.value, help=help_text)
    def _command(
        campaign_id: CampaignId,
        *,
        requested_by: RequestedBy = None,
        comment: Comment = None,
        url: Url = DEFAULT_URL,
        key: Key = None,
        as_json: Json = False,
        is_quiet: Quiet = False,
    ) -> ExitCode:
        output = Output(as_json=as_json, is_quiet=is_quiet)
        by = requested_by or account_name()
        CampaignClient(JsonTransport(url, key)).command(campaign_id, verb, by, comment)
        output.event("asked", id=campaign_id, verb=verb.value, requestedBy=by)
        output.say(f"{campaign_id}: {text}")
        return ExitCode.CLEAN


_ask(
    Verb.PAUSE,
    "starts no more vaults until it is resumed.",
    "Start nothing more; what runs is followed.",
)
_ask(
    Verb.RESUME,
    "goes on.",
    "Go on; failures known by now no longer count.",
)
_ask(
    Verb.CANCEL,
    "starts nothing any more and follows what runs to its end.",
    "Give up every vault that was not started, and follow what runs.",
)
_ask(
    Verb.REDRIVE,
    "runs its blocked, unapproved and stopped vaults again; the trail says how many.",
    "Run blocked, unapproved and stopped vaults again; failed upgrades on instruction only.",
)
