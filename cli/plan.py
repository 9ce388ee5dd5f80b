"""``vaultlift plan``: what an upgrade will do, for whoever is asked to approve it."""

import urllib.parse
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated

import typer

from cli.api_client import ApiClient
from cli.exit_codes import ExitCode
from cli.find import find_upgrade
from cli.options import DEFAULT_URL, Json, Key, Quiet, Url, not_empty
from cli.output import Output
from cli.transport import JsonTransport
from cli.views import Body, parse
from domain.codec import JsonObject, from_json
from domain.plans import UpgradePlan
from domain.prechecks import Gravity

Vault = Annotated[
    str,
    typer.Argument(
        metavar="VAULT", help="Name of the vault, or id of its upgrade.", callback=not_empty
    ),
]


class PlanView(Body):
    """A plan as the app gives it."""

    id: str
    hash: str
    evidence_key: str
    recorded_at: datetime
    is_waiting: bool
    plan: JsonObject
    """``to_json(UpgradePlan)``, printed as it came."""


def plan(
    vault: Vault,
    *,
    url: Url = DEFAULT_URL,
    key: Key = None,
    as_json: Json = False,
    is_quiet: Quiet = False,
) -> ExitCode:
    """Show the plan of an upgrade: read it before you approve it.

    Every call, what cannot be undone, what is not possible meanwhile, and what was found.
    """
    output = Output(as_json=as_json, is_quiet=is_quiet)
    transport = JsonTransport(url, key)
    upgrade_id = find_upgrade(ApiClient(transport), vault)
    path = f"/api/upgrades/{urllib.parse.quote(upgrade_id, safe='')}/plan"
    # By id: the name was looked up above, and a name may hold what a path must not.
    view = parse(PlanView, transport.call("GET", path), subject=upgrade_id)
    output.event("plan", **view.model_dump(mode="json", by_alias=True))
    for line in _lines(view):
        output.say(line)
    return ExitCode.PENDING if view.is_waiting else ExitCode.CLEAN


def _lines(view: PlanView) -> Iterator[str]:
    made = from_json(UpgradePlan, view.plan)
    yield f"{made.vault}\nbecomes {made.target_id}\nOperationId {made.operation_id}"
    if made.retry:
        yield f"\n{made.retry}"
    calls = (f"{call.method} {call.path}\n    {call.body}" for call in made.calls)
    yield from _section("What will be sent, in this order", calls)
    yield from _section("What cannot be undone", made.irreversible)
    yield from _section("What is not possible meanwhile", made.blocked_during)
    yield from _section("What is different afterwards", made.consequences)
    # Apart from the notes: this is what whoever approves answers for.
    asked = [str(one) for one in made.questions if one.needs_consent]
    yield from _section("What you agree to by approving", asked)
    notes = [str(one) for one in made.questions if one.gravity is Gravity.NOTE]
    yield from _section("Worth knowing", notes)
    time = made.estimate
    yield (
        f"\nEstimate: {time.usual_from_min} to {time.usual_to_min} minutes, "
        f"{time.largest_min} at most ({time.basis})"
    )
    yield f"Before: {', '.join(made.before_images)}"
    if view.is_waiting:
        yield f"\nApprove with: vaultlift approve {view.id} --plan {view.hash} --approver NAME"
    else:
        yield f"\nPlan {view.hash}; it waits for no answer now."


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    shown = list(lines)
    if shown:
        yield f"\n{title}:"
        yield from (f"  - {line}" for line in shown)
