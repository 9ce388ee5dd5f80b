"""``vaultlift settle`` and ``vaultlift guard``: what an upgrade left to do, now or years later."""

import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

import typer

from adapters.clock import ScaledClock
from cli.account import account_name
from cli.campaign_body import without_nothing
from cli.exit_codes import ExitCode
from cli.follow import Progress
from cli.options import (
    DEFAULT_URL,
    ClockOrigin,
    ClockRate,
    Interval,
    Json,
    Key,
    Quiet,
    Url,
    not_empty,
)
from cli.output import Output
from cli.patience import Pace, Patience
from cli.progress import progress_for, show_result
from cli.settle_client import SettleClient
from cli.settle_lines import show_open
from cli.settle_options import (
    Agreement,
    DryRun,
    Follow,
    LogWorkspace,
    Mode,
    ReportsTo,
    Subscription,
    Vaults,
    WorkLists,
    Zone,
)
from cli.settle_questions import Questions
from cli.settle_views import AcceptedSettlement, SettlementView
from cli.transport import JsonTransport
from cli.verdict_codes import exit_code_of
from cli.work_lists import make_folder, write_work_lists
from domain.codec import JsonObject
from domain.errors import ConfigurationError
from reports.words import count


def _body(vaults: list[str] | None, subscription: str | None, choices: JsonObject) -> JsonObject:
    # Both would settle some vaults twice, with two rows that may contradict each other.
    if bool(vaults) == (subscription is not None):
        raise ConfigurationError(
            "Name vaults, or a subscription.",
            what_to_do="Use `vaultlift settle VAULT...` or `vaultlift settle --subscription ID`.",
        )
    # What is left out is the app's to say; a default repeated here could contradict it.
    given = without_nothing(choices)
    named: list[JsonObject] = [{"vaultId": one} for one in vaults or ()]
    named = named or [{"subscriptionId": subscription}]
    return {
        "requestedBy": account_name(),
        "requestId": str(uuid.uuid4()),
        "vaults": [{**one, **given} for one in named],
    }


def settle(  # noqa: PLR0913 - each argument is an option of the command
    vaults: Vaults = None,
    *,
    subscription: Subscription = None,
    time_zone: Zone = None,
    mode: Mode = "set-zone",
    approval: Agreement = "required",
    is_dry_run: DryRun = False,
    log_workspace: LogWorkspace = None,
    reports_to: ReportsTo = None,
    work_lists: WorkLists = None,
    is_following: Follow = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
    interval_s: Interval = 2.0,
    clock_rate: ClockRate = 1.0,
    clock_origin: ClockOrigin = None,
    as_json: Json = False,
    is_quiet: Quiet = False,
) -> ExitCode:
    """Settle Recovery Services vaults: time zones, security, agents, items, reports, jobs.

    For vaults just upgraded or upgraded years ago; safe to run again at any time.
    """
    choices = {
        "timeZone": time_zone,
        "timeZoneMode": mode,
        "approval": approval,
        "dryRun": is_dry_run,
        "logWorkspaceId": log_workspace,
        "diagnosticsWorkspace": reports_to,
    }
    if work_lists is not None:
        # Before anything is sent: at the end, hours of waiting would have been for nothing.
        make_folder(work_lists)
    output = Output(as_json=as_json, is_quiet=is_quiet)
    client = SettleClient(JsonTransport(url, key))
    accepted = client.send(_body(vaults, subscription, choices)).settlements
    # Work lists are made from the end, so who asks for them waits for it.
    if not (is_following or work_lists):
        _say_accepted(output, accepted)
        return ExitCode.CLEAN
    clock = ScaledClock(clock_rate, clock_origin)
    with progress_for(output, clock) as progress:
        ids = [one.id for one in accepted]
        views = follow(client, ids, progress, Pace(interval_s=interval_s))
    show_result(output, clock, views)
    show_open(output, views)
    if work_lists is not None:
        files = write_work_lists([row for view in views for row in view.work_list], work_lists)
        output.say(f"{count(len(files), 'work list')} in {work_lists}")
    return _exit_code(views)


def _say_accepted(output: Output, accepted: Sequence[AcceptedSettlement]) -> None:
    for one in accepted:
        output.event("accepted", **one.model_dump(mode="json", by_alias=True))
        joined = " (joined the one that is on its way)" if one.joined else ""
        output.say(f"{one.vault.name}: accepted as {one.id}{joined}")


def follow(
    client: SettleClient, ids: Sequence[str], progress: Progress, pace: Pace
) -> tuple[SettlementView, ...]:
    """Looks until every settlement has ended, or waits for somebody who is not here.

    Raises:
        UnavailableError: The app was gone for too long.
    """
    patience = Patience(progress, pace)
    questions = Questions(progress.note)
    views: dict[str, SettlementView] = {}
    while True:
        # The settlement goes on without us; only looking has to be possible again.
        seen = patience.look(partial(_read_open, client, ids, views))
        if seen is not None:
            views |= seen
            shown = tuple(views[one] for one in ids)
            # Before the line that names the hash: whoever agrees has to see what to.
            questions.look(shown)
            progress.update(shown)
            if all(one.end_state is not None for one in shown):
                return shown
        patience.pause()


def _read_open(
    client: SettleClient, ids: Sequence[str], known: Mapping[str, SettlementView]
) -> dict[str, SettlementView]:
    # What has ended is not asked for again: a subscription may have hundreds of vaults.
    return {
        one: client.read(one) for one in ids if one not in known or known[one].end_state is None
    }


def _exit_code(views: Sequence[SettlementView]) -> ExitCode:
    # As a plan with changes: a script can tell due from done (audit-checks E38).
    if any(view.is_dry_run and view.pending_changes for view in views):
        return ExitCode.PENDING
    return exit_code_of(views)


def guard(
    settlement_id: Annotated[
        str, typer.Argument(metavar="ID", help="Id of the settlement.", callback=not_empty)
    ],
    *,
    is_granted: Annotated[
        bool,
        typer.Option("--granted/--abandoned", help="Whether the guard's owner has agreed."),
    ],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who says so.")] = "",
    url: Url = DEFAULT_URL,
    key: Key = None,
    as_json: Json = False,
    is_quiet: Quiet = False,
) -> ExitCode:
    """Say that a Resource Guard's owner has agreed to the edits a settlement waits with."""
    decision = "granted" if is_granted else "abandoned"
    client = SettleClient(JsonTransport(url, key))
    client.tell_guard(settlement_id, decision=decision, by=by or account_name())
    output = Output(as_json=as_json, is_quiet=is_quiet)
    output.event("guard", id=settlement_id, decision=decision)
    output.say(f"{settlement_id}: {decision}; the settlement goes on.")
    return ExitCode.CLEAN
