"""The routes of settlements, in words."""

from collections.abc import Mapping

from domain.codec import JsonObject
from tools.api import samples
from tools.api.model import (
    BAD_PAGE,
    NO_EVIDENCE,
    PAGE,
    Body,
    Parameter,
    Refusal,
    Reply,
    RouteText,
    invalid,
    not_found,
)
from triggers.shapes.common import Decided
from triggers.shapes.settlements import (
    GUARDED_ID,
    SETTLEMENT_ID,
    AcceptedSettlements,
    GuardAnswered,
    SettlementDetail,
    SettlementPage,
)

TAG = "settlements"
NONE = not_found("There is no settlement with this id.")

ID = Parameter(
    name="id",
    text="The settlement's id.",
    schema={"type": "string", "pattern": SETTLEMENT_ID.pattern.replace("?P<key>", "")},
    example=samples.SETTLEMENT_ID,
)
GUARDED = Parameter(
    name="id",
    text="Of the settlement; of a settlement inside an upgrade, the upgrade's id followed by "
    "`.settle`.",
    schema={"type": "string", "pattern": GUARDED_ID.pattern},
    example=samples.SETTLEMENT_ID,
)

_VIEW: JsonObject = {
    "id": samples.SETTLEMENT_ID,
    "vault": samples.VAULT_VIEW,
    "state": "closed_with_tasks",
    "reasons": [],
    "requestedBy": "ada@example.com",
    "isDryRun": False,
    "jobSync": "proven",
    "pendingChanges": [],
    "startedAt": samples.STARTED,
    "updatedAt": samples.ENDED,
    "endedAt": samples.ENDED,
    "durationSeconds": 12748.0,
    "findings": {**samples.NO_FINDINGS, "passed": 20, "failed": 1},
    "taskCount": 1,
    "evidencePrefix": f"vaults/{samples.VAULT.key}/settlements/{samples.REQUEST_ID}",
    "plan": None,
    "guard": None,
}
_DETAIL: JsonObject = {
    **_VIEW,
    "expectedZone": "Romance Standard Time",
    "expectedBy": "the request",
    "earliestEnd": None,
    "policies": [
        {
            "policy": "DefaultPolicy",
            "decision": "change",
            "reason": "",
            "now": "05:30 UTC every day",
            "then": "05:30 Romance Standard Time every day",
        }
    ],
    "checklist": [
        {
            "id": "time-zones",
            "section": "Post-upgrade steps",
            "text": "Every policy has its time zone.",
            "state": "holds",
            "openSubjects": [],
        }
    ],
    "tasks": [
        {
            "subject": "srv-paris-01",
            "text": "Update the MARS agent to 2.0.9083.0 or later.",
            "checkId": "agent-version",
        }
    ],
    "workList": [
        {
            "owner": "it@example.com",
            "machine": "srv-paris-01",
            "vault": samples.VAULT.name,
            "checkId": "agent-version",
            "found": "2.0.8692.0",
            "whatToDo": "Update the MARS agent.",
        }
    ],
}

TEXTS: Mapping[str, RouteText] = {
    "post_settlements": RouteText(
        tag=TAG,
        summary="Settle vaults",
        text="One vault, every Recovery Services vault of a subscription, or a list of both. Safe "
        "to repeat at any time: what is as it should be is not written.",
        body=Body(
            schema="SettleBody",
            examples={
                "one vault": {"vaultId": samples.VAULT.arm_id, "timeZone": "Europe/Paris"},
                "a subscription, dry run": {
                    "subscriptionId": samples.SUBSCRIPTION,
                    "dryRun": True,
                },
                "a list": {
                    "requestedBy": "ada@example.com",
                    "vaults": [{"vaultId": samples.VAULT.arm_id, "approval": "automatic"}],
                },
            },
        ),
        replies=(
            Reply(
                status=202,
                text="All were taken.",
                shape=AcceptedSettlements,
                example={
                    "requestId": samples.REQUEST_ID,
                    "settlements": [
                        {
                            "id": samples.SETTLEMENT_ID,
                            "vault": samples.VAULT_VIEW,
                            "statusUrl": f"{samples.URL}/settlements/{samples.SETTLEMENT_ID}",
                            "joined": False,
                        }
                    ],
                },
            ),
        ),
        refusals=(
            invalid(),
            Refusal(
                status=502,
                codes=("SubscriptionUnreadable",),
                text="A subscription could not be listed; nothing was started.",
            ),
        ),
    ),
    "list_settlements": RouteText(
        tag=TAG,
        summary="List settlements",
        text="Every settlement, once.",
        parameters=PAGE,
        replies=(
            Reply(
                status=200,
                text="One page.",
                shape=SettlementPage,
                example={"settlements": [_VIEW], "continuationToken": None},
            ),
        ),
        refusals=(invalid(BAD_PAGE),),
    ),
    "get_settlement": RouteText(
        tag=TAG,
        summary="Look at a settlement",
        text="With the plan once it was made, and with checklist, tasks and work list once the "
        "settlement has ended. The one inside an upgrade is there while it runs; its end is the "
        "upgrade's.",
        parameters=(GUARDED,),
        replies=(
            Reply(status=200, text="The settlement.", shape=SettlementDetail, example=_DETAIL),
        ),
        refusals=(NONE, NO_EVIDENCE),
    ),
    "post_settlement_approval": RouteText(
        tag=TAG,
        summary="Agree to what would be written, or deny it",
        text="Answers the changes that a settlement waits with, by their hash.",
        parameters=(ID,),
        body=Body(schema="ApprovalBody", examples={"agree": samples.APPROVAL}),
        replies=(
            Reply(
                status=202,
                text="The answer was passed on.",
                shape=Decided,
                example={"id": samples.SETTLEMENT_ID, "decision": "approve"},
            ),
        ),
        refusals=(
            invalid(),
            NONE,
            Refusal(
                status=409,
                codes=("NotWaiting", "ApprovalRefused"),
                text="It asks for no approval, or the answer is about other changes, or comes from "
                "whoever asked for the settlement.",
            ),
        ),
    ),
    "post_settlement_guard": RouteText(
        tag=TAG,
        summary="Pass on the word of a Resource Guard's owner",
        text="Policies behind a Resource Guard wait until its owner has agreed, a week at most.",
        parameters=(GUARDED,),
        body=Body(
            schema="GuardBody",
            examples={"granted": {"decision": "granted", "by": "ada@example.com"}},
        ),
        replies=(
            Reply(
                status=202,
                text="The settlement was told.",
                shape=GuardAnswered,
                example={
                    "id": samples.SETTLEMENT_ID,
                    "decision": "granted",
                    "by": "ada@example.com",
                },
            ),
        ),
        refusals=(
            invalid(),
            NONE,
            Refusal(
                status=409, codes=("NotWaiting",), text="It does not wait for a Resource Guard."
            ),
        ),
    ),
}
"""By the name of the registered function."""
