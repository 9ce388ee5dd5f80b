"""The options of ``vaultlift settle``."""

from pathlib import Path
from typing import Annotated

import typer

Vaults = Annotated[
    list[str] | None,
    typer.Argument(metavar="[VAULT]...", help="ARM ids of Recovery Services vaults."),
]


Subscription = Annotated[
    str | None,
    typer.Option("--subscription", metavar="ID", help="Every vault of a subscription."),
]


Zone = Annotated[
    str | None,
    typer.Option(
        "--time-zone",
        metavar="ZONE",
        help="Zone of every policy; without it the vault's tag and the estate map are asked.",
    ),
]


Mode = Annotated[
    str, typer.Option("--mode", metavar="MODE", help="set-zone or keep-moment.", show_default=True)
]


Agreement = Annotated[
    str,
    typer.Option("--approval", metavar="MODE", help="required or automatic.", show_default=True),
]


DryRun = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Look and plan; write nothing. Exit code 2 if due.")
]


LogWorkspace = Annotated[
    str | None,
    typer.Option("--log-workspace", metavar="ID", help="Workspace that has the vault's reports."),
]


ReportsTo = Annotated[
    str | None,
    typer.Option(
        "--reports-to", metavar="ARM_ID", help="Set reports up to this workspace if there are none."
    ),
]


WorkLists = Annotated[
    Path | None,
    typer.Option(
        "--work-lists", metavar="DIR", help="Write one CSV file per owner of machines there."
    ),
]


Follow = Annotated[bool, typer.Option("--follow", "-f", help="Stay until every vault has ended.")]
