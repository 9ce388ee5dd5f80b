"""``vaultlift approve`` and ``vaultlift deny``: answer the plan an upgrade waits with."""

from cli.api_client import ApiClient
from cli.exit_codes import ExitCode
from cli.options import (
    DEFAULT_URL,
    Approver,
    Comment,
    Json,
    Key,
    PlanHash,
    Quiet,
    UpgradeId,
    Url,
)
from cli.output import Output
from cli.settle_views import is_settlement
from cli.transport import JsonTransport


# Two commands and not one with a flag: nobody should deny by leaving a word out, or approve.
def approve(
    upgrade_id: UpgradeId,
    *,
    plan_hash: PlanHash,
    approver: Approver,
    comment: Comment = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    as_json: Json = False,
    is_quiet: Quiet = False,
) -> ExitCode:
    """Approve the plan of an upgrade. An upgrade cannot be rolled back."""
    client = ApiClient(JsonTransport(url, key))
    client.answer_plan(
        upgrade_id, plan_hash=plan_hash, approver=approver, decision="approve", comment=comment
    )
    output = Output(as_json=as_json, is_quiet=is_quiet)
    output.event("approved", id=upgrade_id, planHash=plan_hash, approver=approver)
    what = "settlement" if is_settlement(upgrade_id) else "upgrade"
    output.say(f"{upgrade_id}: approved by {approver}; the {what} goes on.")
    return ExitCode.CLEAN


def deny(
    upgrade_id: UpgradeId,
    *,
    plan_hash: PlanHash,
    approver: Approver,
    comment: Comment = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    as_json: Json = False,
    is_quiet: Quiet = False,
) -> ExitCode:
    """Deny the plan of an upgrade; nothing is started."""
    client = ApiClient(JsonTransport(url, key))
    client.answer_plan(
        upgrade_id, plan_hash=plan_hash, approver=approver, decision="deny", comment=comment
    )
    output = Output(as_json=as_json, is_quiet=is_quiet)
    output.event("denied", id=upgrade_id, planHash=plan_hash, approver=approver)
    output.say(f"{upgrade_id}: denied by {approver}; nothing will be started.")
    return ExitCode.CLEAN
