"""``vaultlift support`` and ``vaultlift authorize-retry``: what to do about a failed upgrade."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.account import account_name
from cli.api_client import ApiClient
from cli.exit_codes import ExitCode
from cli.find import find_upgrade
from cli.options import DEFAULT_URL, Json, Key, Quiet, Url, not_empty
from cli.output import Output
from cli.support_client import SupportClient
from cli.transport import JsonTransport
from domain.codec import JsonObject
from domain.errors import ConfigurationError

Vault = Annotated[
    str,
    typer.Argument(
        metavar="VAULT", help="Name of the vault, or id of its upgrade.", callback=not_empty
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FILE", help="Write the whole bundle there, as JSON."),
]
Ticket = Annotated[
    str, typer.Option("--ticket", metavar="NUMBER", help="Number of the support request.")
]
Instruction = Annotated[
    str, typer.Option("--instruction", metavar="TEXT", help="What Microsoft wrote, word by word.")
]
AuthorizedBy = Annotated[
    str | None,
    typer.Option(
        "--authorized-by", metavar="NAME", help="Who records it; the account of this machine."
    ),
]


def support(
    vault: Vault,
    *,
    out: Out = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    as_json: Json = False,
    is_quiet: Quiet = False,
) -> ExitCode:
    """Show what to send to Microsoft Support about a failed upgrade.

    The e-mail is ready to be sent; the bundle holds both records and the exchanges.
    """
    output = Output(as_json=as_json, is_quiet=is_quiet)
    transport = JsonTransport(url, key)
    view = SupportClient(transport).read_support(find_upgrade(ApiClient(transport), vault))
    # First: who asked for the file must not take a mail on the screen for all of it.
    if out is not None:
        _write(out, view.bundle)
    output.event("support", **view.model_dump(mode="json", by_alias=True))
    bundle = view.bundle
    output.say(f"To: {bundle['mail_to']}\nSubject: {bundle['mail_subject']}\n")
    output.say(str(bundle["mail_text"]))
    output.say(str(bundle["instruction"]))
    output.say(f"Evidence: {view.evidence_key}")
    if out is not None:
        output.say(f"Bundle to attach: {out}")
    return ExitCode.CLEAN


def _write(out: Path, bundle: JsonObject) -> None:
    try:
        text = json.dumps(bundle, indent=2, ensure_ascii=False)
        out.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"cannot be written: {error.strerror}", subject=str(out)
        ) from error


def authorize_retry(
    vault: Vault,
    *,
    ticket: Ticket,
    instruction: Instruction,
    authorized_by: AuthorizedBy = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    as_json: Json = False,
    is_quiet: Quiet = False,
) -> ExitCode:
    """Record that Microsoft told you to start a failed upgrade once more, and do it.

    The instruction is kept as evidence and used once: if the upgrade fails again, another one is
    needed. Without it a failed upgrade is never started again.
    """
    output = Output(as_json=as_json, is_quiet=is_quiet)
    transport = JsonTransport(url, key)
    view = SupportClient(transport).authorize_retry(
        find_upgrade(ApiClient(transport), vault),
        ticket=ticket,
        instruction=instruction,
        # A default and no proof: behind a sign-in, the app takes the platform's word instead.
        authorized_by=authorized_by or account_name(),
    )
    output.event("retryAuthorized", **view.model_dump(mode="json", by_alias=True))
    output.say(
        f"{vault}: attempt {view.attempt} recorded under ticket {view.ticket} and handed in as "
        f"request {view.request_id}.\nFollow it with: vaultlift status {view.id} --watch"
    )
    return ExitCode.CLEAN
