"""The options of ``vaultlift campaign``."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import not_empty

SomeFile = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help="CSV or JSON file of the vaults.", dir_okay=False),
]


Subscriptions = Annotated[
    list[str] | None,
    typer.Option(
        "--subscription", metavar="ID", help="Instead of FILE: every vault found there now."
    ),
]


Group = Annotated[
    str | None,
    typer.Option(
        "--target-resource-group", metavar="NAME", help="Of the vaults found in subscriptions."
    ),
]


Zone = Annotated[
    str | None, typer.Option("--time-zone", metavar="ZONE", help="Of the vaults found.")
]


ApprovalMode = Annotated[
    str | None, typer.Option("--approval", metavar="MODE", help="Of the vaults found.")
]


Window = Annotated[
    int | None, typer.Option("--window", "-w", metavar="N", help="Vaults in flight at once.")
]


PerSubscription = Annotated[
    int | None, typer.Option("--per-subscription", metavar="N", help="... in one subscription.")
]


PerRegion = Annotated[int | None, typer.Option("--per-region", metavar="N", help="... per region.")]


MaxFailures = Annotated[
    int | None,
    typer.Option("--max-failures", metavar="N", help="Failures tolerated before it pauses."),
]


MaxFailuresPercent = Annotated[
    float | None,
    typer.Option("--max-failures-percent", metavar="P", help="The same in % of all vaults."),
]


HoursOption = Annotated[
    list[str] | None,
    typer.Option("--hours", metavar="HOURS", help="Start only then: `mon-fri 22:00-04:00`."),
]


HoursZone = Annotated[
    str | None, typer.Option("--hours-zone", metavar="ZONE", help="Zone of --hours; UTC.")
]


CampaignIdOption = Annotated[
    str | None, typer.Option("--campaign-id", metavar="ID", help="Its id; a new one if absent.")
]


DryRun = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Show the plan; start nothing. Exit code 2.")
]


Follow = Annotated[bool, typer.Option("--follow", "-f", help="Stay until it pauses or ends.")]


CampaignId = Annotated[
    str, typer.Argument(metavar="ID", help="Id of the campaign.", callback=not_empty)
]


SomeCampaignId = Annotated[
    str | None,
    typer.Argument(
        metavar="[ID]", help="Id of one campaign; without it all of them.", callback=not_empty
    ),
]
