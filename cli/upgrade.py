"""``vaultlift upgrade`` and ``vaultlift validate``: hand in a list of vaults, or only check it."""

import uuid
from datetime import UTC, datetime
from typing import Annotated

import typer

from adapters.clock import ScaledClock
from cli.account import account_name
from cli.api_client import ApiClient
from cli.exit_codes import ExitCode
from cli.follow import Watch, follow
from cli.input_file import read_vaults, upgrade_body
from cli.options import (
    DEFAULT_URL,
    ClockOrigin,
    ClockRate,
    File,
    Interval,
    Json,
    Key,
    Quiet,
    RequestedBy,
    Url,
)
from cli.output import Output
from cli.patience import Pace
from cli.progress import progress_for, show_result
from cli.transport import JsonTransport
from cli.verdict_codes import exit_code_of
from cli.views import AcceptedRequest
from reports.words import count

RequestId = Annotated[
    str | None,
    typer.Option(
        "--request-id",
        metavar="ID",
        help="Id of this request; the same id sent twice is the same request. A new one if absent.",
    ),
]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Stay until every vault has ended.")]


def validate(file: File, *, as_json: Json = False, is_quiet: Quiet = False) -> ExitCode:
    """Check a list of vaults and send nothing."""
    output = Output(as_json=as_json, is_quiet=is_quiet)
    requests = read_vaults(
        file,
        # Neither is ever sent. They are here so that the file is read by the same code, and refused
        # for the same reasons, as when it is handed in.
        requested_by="nobody",
        request_id=str(uuid.uuid4()),
        requested_at=datetime.now(UTC),
    )
    output.event("valid", file=str(file), vaults=[request.vault.name for request in requests])
    output.say(f"{file}: {count(len(requests), 'vault')}, no problems.")
    return ExitCode.CLEAN


def _say_accepted(output: Output, accepted: AcceptedRequest) -> None:
    for upgrade in accepted.upgrades:
        output.event("accepted", **upgrade.model_dump(mode="json", by_alias=True))
        joined = " (joined the one that is on its way)" if upgrade.joined else ""
        output.say(f"{upgrade.vault.name}: accepted as {upgrade.id}{joined}")


def upgrade(  # noqa: PLR0913 - each argument is an option of the command
    file: File,
    *,
    url: Url = DEFAULT_URL,
    key: Key = None,
    requested_by: RequestedBy = None,
    request_id: RequestId = None,
    is_following: Follow = False,
    interval_s: Interval = 2.0,
    clock_rate: ClockRate = 1.0,
    clock_origin: ClockOrigin = None,
    as_json: Json = False,
    is_quiet: Quiet = False,
) -> ExitCode:
    """Upgrade the classic vaults of a file.

    The whole file is checked first; if anything is wrong, every problem is listed and nothing is
    sent. Each vault is upgraded exactly once, however often it is handed in.
    """
    output = Output(as_json=as_json, is_quiet=is_quiet)
    requests = read_vaults(
        file,
        # Who asks may not approve, so there must always be a name.
        requested_by=requested_by or account_name(),
        request_id=request_id or str(uuid.uuid4()),
        requested_at=datetime.now(UTC),
    )
    client = ApiClient(JsonTransport(url, key))
    # One call for the whole list: the app checks it again and takes all of it or nothing.
    accepted = client.send_upgrades(upgrade_body(requests))
    if not is_following:
        _say_accepted(output, accepted)
        return ExitCode.CLEAN
    output.say(f"{count(len(requests), 'vault')} accepted as request {accepted.request_id}")
    watch = Watch(
        client=client,
        request_id=accepted.request_id,
        accepted={upgrade.id: upgrade for upgrade in accepted.upgrades},
    )
    # Times come from the app; with a demo's clock they would lie in the future of ours.
    clock = ScaledClock(clock_rate, clock_origin)
    with progress_for(output, clock) as progress:
        views = follow(watch, progress, Pace(interval_s=interval_s))
    show_result(output, clock, views)
    return exit_code_of(views)
