"""The ``vaultlift`` command and its verbs.

Whatever goes wrong ends in one sentence with what to do and exit code 1, never in a traceback;
``VAULTLIFT_TRACEBACK=1`` shows the traceback of a defect.
"""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from cli import (
    approval,
    campaign,
    exit_codes,
    messages,
    plan,
    report,
    settle,
    status,
    support,
    upgrade,
)
from cli.exit_codes import ExitCode
from cli.output import Output
from domain.errors import VaultliftError
from domain.version import VERSION

PROGRAM = "vaultlift"


class _OneSentence(TyperGroup):
    """Turns every error of every verb into one sentence and the exit code of the table."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - typer's signature
        windows_expand_args: bool = True,  # noqa: FBT001, FBT002 - typer's signature
        **extra: Any,
    ) -> Any:
        """Runs the verb the arguments name."""
        # Read before parsing: an error of the parser, too, is told as JSON where that was asked.
        given = list(sys.argv[1:] if args is None else args)
        output = Output(as_json="--json" in given)
        # Outside its stand-alone mode typer leaves the errors, and their exit codes, to us.
        run = partial(
            super().main,
            given,
            prog_name or PROGRAM,
            complete_var,
            standalone_mode=False,
            windows_expand_args=windows_expand_args,
            **extra,
        )
        code = _ending(run, output)
        if standalone_mode:
            # A verb without a code of its own has done what it was asked.
            sys.exit(int(code or 0))
        return code


def _ending(run: Callable[[], Any], output: Output) -> Any:
    """What the verb gives, or the exit code of what stopped it, which has been told then."""
    try:
        code = run()
    except VaultliftError as error:
        output.fail(error)
        return ExitCode.TOOL_ERROR
    except TyperException as error:
        output.fail(_usage_error(error))
        return ExitCode.TOOL_ERROR
    # Ctrl-C, in the middle of whatever was running; the app goes on without us.
    except typer.Abort:
        code = ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line before the user
        output.fail(_defect(error))
        return ExitCode.TOOL_ERROR
    if code == ExitCode.INTERRUPTED:
        output.stderr.print("Interrupted. What was started goes on: vaultlift status --all")
    return code


def _usage_error(error: TyperException) -> VaultliftError:
    return VaultliftError(
        error.format_message(), what_to_do=f"See `{PROGRAM} --help` or `{PROGRAM} VERB --help`."
    )


def _defect(error: Exception) -> VaultliftError:
    if os.environ.get("VAULTLIFT_TRACEBACK"):
        traceback.print_exception(error)
    return VaultliftError(
        f"a defect in vaultlift: {type(error).__name__}: {error}",
        what_to_do="Please report it with the output of the same command under "
        "VAULTLIFT_TRACEBACK=1.",
    )


# Completion off: it would write into the shell's start files of whoever tries it.
app = typer.Typer(
    name=PROGRAM,
    cls=_OneSentence,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=exit_codes.help_text(),
)


def _print_version(is_wanted: bool) -> None:  # noqa: FBT001 - typer calls it by position
    if is_wanted:
        typer.echo(f"{PROGRAM} {VERSION}")
        raise typer.Exit


@app.callback()
def _main(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Upgrade classic Azure Backup vaults to Recovery Services vaults, exactly once each."""


# In the order of the help text: what is done first stands first.
app.command()(upgrade.upgrade)
app.command()(upgrade.validate)
app.command()(settle.settle)
app.command()(settle.guard)
app.command()(status.status)
app.command()(plan.plan)
app.command()(approval.approve)
app.command()(approval.deny)
app.command()(support.support)
app.command()(support.authorize_retry)
app.command()(report.report)
app.add_typer(campaign.app)
app.add_typer(messages.app)

if __name__ == "__main__":
    app()
