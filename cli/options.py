"""Options that several commands share, spelt and explained once."""

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_URL = "http://127.0.0.1:7071"
"""Where the Functions host listens on a developer's machine."""


def not_empty(value: str | None) -> str | None:
    """What an argument names; one without a value was left out on purpose.

    Raises:
        typer.BadParameter: It is empty, or blank.
    """
    # An unset variable of the shell's: it would mean something else, such as all there are.
    if value is not None and not value.strip():
        raise typer.BadParameter("is empty; is a variable of the shell not set?")
    return value


Url = Annotated[
    str,
    typer.Option("--url", envvar="VAULTLIFT_URL", help="Address of the app.", show_default=True),
]
# From the environment where it can be: an option stands in the list of processes for all to read.
Key = Annotated[
    str | None,
    typer.Option("--key", envvar="VAULTLIFT_KEY", help="Function key of the app.", metavar="KEY"),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object per line on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print problems only.")]
Interval = Annotated[
    float,
    typer.Option(
        "--interval", min=0.1, max=3600.0, metavar="SECONDS", help="Pause between two looks."
    ),
]
# Hidden: only the demo runs on virtual time, and its own commands set both.
ClockRate = Annotated[
    float,
    typer.Option(
        "--clock-rate", hidden=True, help="Of an app that runs on virtual time: its rate."
    ),
]
ClockOrigin = Annotated[
    float | None,
    typer.Option("--clock-origin", hidden=True, help="And the Unix time it began at."),
]
File = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="CSV or JSON file that lists the vaults.", dir_okay=False),
]
RequestedBy = Annotated[
    str | None,
    typer.Option("--requested-by", metavar="NAME", help="Who asks; the account of this machine."),
]

Comment = Annotated[
    str | None, typer.Option("--comment", help="A sentence to keep with the decision.")
]
PlanHash = Annotated[
    str,
    typer.Option(
        "--plan", metavar="HASH", help="Hash of the plan that was read; another plan is refused."
    ),
]
Approver = Annotated[
    str, typer.Option("--approver", metavar="NAME", help="Who decides; not who asked.")
]
UpgradeId = Annotated[
    str, typer.Argument(metavar="ID", help="Id of the upgrade.", callback=not_empty)
]
