"""``vaultlift status``: how upgrades stand, or one settlement."""

from collections.abc import Sequence
from typing import Annotated

import typer

from adapters.clock import ScaledClock
from cli.api_client import ApiClient
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
from cli.settle_questions import Questions
from cli.settle_views import SettlementView, is_settlement
from cli.transport import JsonTransport
from cli.verdict_codes import exit_code_of
from cli.views import UpgradeView
from domain.errors import ConfigurationError

SomeId = Annotated[
    str | None,
    typer.Argument(metavar="[ID]", help="Id of one upgrade or settlement.", callback=not_empty),
]
All = Annotated[bool, typer.Option("--all", "-a", help="Every upgrade the app knows.")]
Watched = Annotated[bool, typer.Option("--watch", "-w", help="Look again until all have ended.")]


def _read(transport: JsonTransport, some_id: str | None) -> Sequence[UpgradeView]:
    if some_id is None:
        # The app lists by its own order; for people the names are what they look for.
        listed = ApiClient(transport).list_upgrades()
        return sorted(listed, key=lambda view: view.vault.name.casefold())
    if is_settlement(some_id):
        return (SettleClient(transport).read(some_id),)
    return (ApiClient(transport).read_upgrade(some_id),)


def _watch(
    transport: JsonTransport,
    some_id: str | None,
    views: Sequence[UpgradeView],
    progress: Progress,
    pace: Pace,
) -> Sequence[UpgradeView]:
    patience = Patience(progress, pace)
    progress.update(views)
    # The same rule that gives the exit code ends the watch, so the two cannot disagree.
    while exit_code_of(views) is ExitCode.PENDING:
        patience.pause()
        # None: the app is gone for a moment, and what was seen last still stands.
        seen = patience.look(lambda: _read(transport, some_id))
        views = views if seen is None else seen
        progress.update(views)
    return views


def status(  # noqa: PLR0913 - each argument is an option of the command
    some_id: SomeId = None,
    *,
    is_all: All = False,
    is_watched: Watched = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
    interval_s: Interval = 2.0,
    clock_rate: ClockRate = 1.0,
    clock_origin: ClockOrigin = None,
    as_json: Json = False,
    is_quiet: Quiet = False,
) -> ExitCode:
    """Show how one upgrade or settlement stands, or all upgrades."""
    # Neither would list everything by accident, and both would contradict each other.
    if is_all == (some_id is not None):
        raise ConfigurationError(
            "Name one upgrade or ask for all of them.",
            what_to_do="Use `vaultlift status ID` or `vaultlift status --all`.",
        )
    output = Output(as_json=as_json, is_quiet=is_quiet)
    clock = ScaledClock(clock_rate, clock_origin)
    transport = JsonTransport(url, key)
    views = _read(transport, some_id)
    if is_watched:
        with progress_for(output, clock) as progress:
            views = _watch(transport, some_id, views, progress, Pace(interval_s=interval_s))
    settlements = [view for view in views if isinstance(view, SettlementView)]
    # Before the line that names the hash: whoever agrees has to see what to.
    Questions(output.say).look(settlements)
    show_result(output, clock, views)
    show_open(output, settlements)
    return exit_code_of(views)
