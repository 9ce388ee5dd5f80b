"""``vaultlift messages``: look at messages that became no run, and send them anew."""

from typing import Annotated

import typer

from cli.account import account_name
from cli.campaign_client import CampaignClient
from cli.exit_codes import ExitCode
from cli.message_tables import message_table
from cli.message_views import KeptMessageView
from cli.options import DEFAULT_URL, Comment, Json, Key, Quiet, RequestedBy, Url
from cli.output import Output
from cli.transport import JsonTransport
from domain.codec import JsonObject
from domain.errors import ConfigurationError
from domain.messages import MessageBox
from reports.words import count

app = typer.Typer(
    name="messages",
    help="Messages that were rejected or dead-lettered.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Box = Annotated[MessageBox, typer.Argument(metavar="BOX", help="rejected or dead-letter.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the message.", min=0)]
SomeNumber = Annotated[
    int | None, typer.Argument(metavar="[NUMBER]", help="Number of the message.", min=0)
]
All = Annotated[bool, typer.Option("--all", "-a", help="Every message of the box.")]
MOST_LISTED = 500
"""Messages of one list; the app gives no more."""

Top = Annotated[
    int, typer.Option("--top", metavar="N", min=1, max=MOST_LISTED, help="At most so many.")
]


def _members(message: KeptMessageView) -> JsonObject:
    return message.model_dump(mode="json", by_alias=True)


@app.command("list")
def list_messages(
    box: Box,
    *,
    top: Top = 100,
    url: Url = DEFAULT_URL,
    key: Key = None,
    as_json: Json = False,
    is_quiet: Quiet = False,
) -> ExitCode:
    """List the messages of a box, the oldest first. Exit code 3 if there are any."""
    output = Output(as_json=as_json, is_quiet=is_quiet)
    messages, has_more = CampaignClient(JsonTransport(url, key)).list_messages(box.value, top)
    for message in messages:
        output.event("message", **_members(message))
    if messages:
        output.show(message_table(messages))
    hint = " that --top would show" if top < MOST_LISTED else " behind them"
    rest = f", and more{hint}" if has_more else ""
    output.say(f"{box.value}: {count(len(messages), 'message')}{rest}.")
    # A message that became no run is a vault nobody upgrades; a script should notice.
    return ExitCode.FINDINGS if messages else ExitCode.CLEAN


@app.command()
def show(
    box: Box,
    number: Number,
    *,
    url: Url = DEFAULT_URL,
    key: Key = None,
    as_json: Json = False,
    is_quiet: Quiet = False,
) -> ExitCode:
    """Show one message with its body."""
    output = Output(as_json=as_json, is_quiet=is_quiet)
    message = CampaignClient(JsonTransport(url, key)).read_message(box.value, number)
    output.event("message", **_members(message))
    output.show(message_table((message,)))
    output.say(message.body or "")
    return ExitCode.CLEAN


@app.command()
def replay(  # noqa: PLR0913 - each argument is an option of the command
    box: Box,
    number: SomeNumber = None,
    *,
    is_all: All = False,
    requested_by: RequestedBy = None,
    comment: Comment = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    as_json: Json = False,
    is_quiet: Quiet = False,
) -> ExitCode:
    """Send a message anew, or all of a box; each becomes a new message and leaves the box."""
    # Neither would replay a whole box by accident, and both would contradict each other.
    if is_all == (number is not None):
        raise ConfigurationError(
            "Name one message or ask for all of them.",
            what_to_do="Use `vaultlift messages replay BOX NUMBER` or `... replay BOX --all`.",
        )
    output = Output(as_json=as_json, is_quiet=is_quiet)
    client = CampaignClient(JsonTransport(url, key))
    by = requested_by or account_name()
    replayed = (
        client.replay_all(box.value, by, comment)
        if number is None
        else client.replay(box.value, number, by, comment).replayed
    )
    total = 0
    for one in replayed:
        total += 1
        output.event("replayed", **one.model_dump(mode="json", by_alias=True))
        output.say(f"{box.value} {one.sequence_number}: sent anew as {one.message_id}")
    output.say(f"{count(total, 'message')} replayed.")
    return ExitCode.CLEAN
