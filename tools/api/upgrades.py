"""The routes of upgrades, in words."""

from collections.abc import Mapping

from domain.codec import JsonObject, to_object
from domain.plans import (
    BLOCKED_DURING,
    CONSEQUENCES,
    IRREVERSIBLE,
    Estimate,
    PlannedCall,
    UpgradePlan,
    plan_hash,
)
from domain.support import DO_NOT_RETRY, SUPPORT_ADDRESS
from domain.version import VERSION
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
from triggers.shapes.plans import WholePlan
from triggers.shapes.support import RetryAccepted, SupportView
from triggers.shapes.upgrades import UPGRADE_ID, AcceptedUpgrades, UpgradePage, UpgradeView

TAG = "upgrades"

BUSY = Refusal(
    status=503,
    codes=("QueueUnavailable",),
    text="The queue could not be reached. Send the same body again: it is the same request.",
)
BUSY_OR_NO_EVIDENCE = Refusal(
    status=503,
    codes=(*BUSY.codes, *NO_EVIDENCE.codes),
    text="The queue or the evidence could not be reached. Send the same body again: it is the same "
    "request.",
)
NO_UPGRADE = not_found("Nobody ever handed in a vault with this id.")

ID = Parameter(
    name="id",
    text="The upgrade's id, as the answer to handing the vault in gave it.",
    # JSON Schema has ECMA's regular expressions, which do not know Python's named groups.
    schema={"type": "string", "pattern": UPGRADE_ID.pattern.replace("?P<key>", "")},
    example=samples.UPGRADE_ID,
)

VIEW: JsonObject = {
    "id": samples.UPGRADE_ID,
    "vault": samples.CLASSIC_VIEW,
    "state": "closed",
    "reasons": [],
    "operationId": samples.OPERATION_ID,
    "startedAt": samples.STARTED,
    "updatedAt": samples.ENDED,
    "endedAt": samples.ENDED,
    "durationSeconds": 12748.0,
    "findings": {**samples.NO_FINDINGS, "passed": 11},
    "taskCount": 0,
    "evidencePrefix": f"vaults/{samples.CLASSIC.key}/runs/{samples.REQUEST_ID}",
    "plan": None,
}

_BUNDLE: JsonObject = {
    "operation_id": samples.OPERATION_ID,
    "subscription_id": samples.SUBSCRIPTION,
    "vault": samples.CLASSIC.name,
    "region": samples.CLASSIC.region,
    "vault_type": "BackupVault",
    "target_id": samples.VAULT.arm_id,
    "record": None,
    "arm_details": None,
    "calls": [],
    "exchanges": [],
    "made_at": samples.ENDED,
    "tool": f"vaultlift {VERSION}",
    "mail_to": SUPPORT_ADDRESS,
    "mail_subject": "Vault upgrade failed: vault-paris",
    "mail_text": "The upgrade of a classic Backup vault to a Recovery Services vault has failed.\n",
    "instruction": DO_NOT_RETRY,
}

_PLAN = UpgradePlan(
    vault=str(samples.CLASSIC),
    target_id=samples.VAULT.arm_id,
    operation_id=samples.OPERATION_ID,
    calls=(
        PlannedCall(
            method="POST",
            path="/{subscription}/cloudservices/{service}/resources/{namespace}/~/BackupVault"
            "/vault-paris/upgrade",
            api="classic",
            body=f"ResourceUpgradeInput with NewResourcePath {samples.VAULT.arm_id}",
            is_final=True,
        ),
    ),
    irreversible=IRREVERSIBLE,
    blocked_during=BLOCKED_DURING,
    consequences=CONSEQUENCES,
    warnings=(),
    questions=(),
    retry="",
    before_images=(f"{VIEW['evidencePrefix']}/02-before-image.json",),
    estimate=Estimate(),
)

_ANSWERS = (
    Refusal(
        status=409,
        codes=("NotWaiting", "ApprovalRefused"),
        text="It asks for no approval, or the answer is about another plan, or comes from whoever "
        "asked for the upgrade.",
    ),
)
_DECIDED = Reply(
    status=202,
    text="The answer was passed on; the run keeps it as evidence and goes on.",
    shape=Decided,
    example={"id": samples.UPGRADE_ID, "decision": "approve"},
)
_APPROVAL = Body(
    schema="ApprovalBody",
    examples={
        "agree": samples.APPROVAL,
        "deny": {**samples.APPROVAL, "decision": "deny", "comment": "not this week"},
    },
)

TEXTS: Mapping[str, RouteText] = {
    "post_upgrades": RouteText(
        tag=TAG,
        summary="Hand in vaults to upgrade",
        text="Takes one vault or a list, all or none, and puts each into the queue. Nothing is "
        "started here.",
        body=Body(
            schema="UpgradeBody",
            examples={
                "one vault": samples.UPGRADE_ROW,
                "a list": {
                    "requestedBy": "ada@example.com",
                    "requestId": samples.REQUEST_ID,
                    "vaults": [samples.UPGRADE_ROW],
                },
            },
        ),
        replies=(
            Reply(
                status=202,
                text="All were taken.",
                shape=AcceptedUpgrades,
                example={
                    "requestId": samples.REQUEST_ID,
                    "upgrades": [
                        {
                            "id": samples.UPGRADE_ID,
                            "vault": samples.CLASSIC_VIEW,
                            "statusUrl": f"{samples.URL}/upgrades/{samples.UPGRADE_ID}",
                            "joined": False,
                        }
                    ],
                },
            ),
        ),
        refusals=(invalid(), BUSY_OR_NO_EVIDENCE),
    ),
    "list_upgrades": RouteText(
        tag=TAG,
        summary="List upgrades",
        text="Every upgrade whose run has begun, once.",
        parameters=PAGE,
        replies=(
            Reply(
                status=200,
                text="One page.",
                shape=UpgradePage,
                example={"upgrades": [VIEW], "continuationToken": None},
            ),
        ),
        refusals=(invalid(BAD_PAGE),),
    ),
    "get_upgrade": RouteText(
        tag=TAG,
        summary="Look at an upgrade",
        text="How one upgrade stands, also while its message waits in the queue.",
        parameters=(ID,),
        replies=(Reply(status=200, text="The upgrade.", shape=UpgradeView, example=VIEW),),
        refusals=(NO_UPGRADE, NO_EVIDENCE),
    ),
    "post_approval": RouteText(
        tag=TAG,
        summary="Agree to a plan, or deny it",
        text="Answers the plan that an upgrade waits with. The answer names the plan's hash; an "
        "upgrade that was approved cannot be rolled back.",
        parameters=(ID,),
        body=_APPROVAL,
        replies=(_DECIDED,),
        refusals=(invalid(), NO_UPGRADE, *_ANSWERS),
    ),
    "post_signed_approval": RouteText(
        tag=TAG,
        summary="Agree to a plan from another system",
        text="As the approval of an upgrade, for chat and ticket systems that cannot hold a "
        "function key: the body is signed instead. `approver` is always required.",
        parameters=(ID,),
        body=_APPROVAL,
        replies=(_DECIDED,),
        refusals=(
            invalid(),
            Refusal(
                status=401,
                codes=("BadSignature",),
                text="The signature is missing, does not fit, or is too old.",
            ),
            not_found("No such upgrade, or the app has no secret and takes no signed approvals."),
            *_ANSWERS,
        ),
    ),
    "get_plan": RouteText(
        tag=TAG,
        summary="Read the plan of an upgrade",
        text="Every call that changes something, what cannot be undone, what is not possible "
        "meanwhile, what follows, and what was found. The plan that waits for an answer, else the "
        "last one of the run.",
        parameters=(ID,),
        replies=(
            Reply(
                status=200,
                text="The plan.",
                shape=WholePlan,
                example={
                    "id": samples.UPGRADE_ID,
                    "hash": plan_hash(_PLAN),
                    "evidenceKey": f"{VIEW['evidencePrefix']}/04-plan-{plan_hash(_PLAN)[:12]}.json",
                    "recordedAt": samples.STARTED,
                    "isWaiting": True,
                    "plan": to_object(_PLAN),
                },
            ),
        ),
        refusals=(
            NO_UPGRADE,
            Refusal(status=409, codes=("NoPlan",), text="The run has made no plan."),
            NO_EVIDENCE,
        ),
    ),
    "get_support": RouteText(
        tag=TAG,
        summary="Get what Microsoft Support needs",
        text="The support bundle of the vault's latest failed upgrade, with the e-mail to send.",
        parameters=(ID,),
        replies=(
            Reply(
                status=200,
                text="The bundle.",
                shape=SupportView,
                example={
                    "id": samples.UPGRADE_ID,
                    "evidenceKey": f"{VIEW['evidencePrefix']}/10-support-bundle.json",
                    "recordedAt": samples.ENDED,
                    "bundle": _BUNDLE,
                },
            ),
        ),
        refusals=(
            NO_UPGRADE,
            Refusal(
                status=409, codes=("NothingFailed",), text="No upgrade of this vault has failed."
            ),
            NO_EVIDENCE,
        ),
    ),
    "post_retry": RouteText(
        tag=TAG,
        summary="Record Microsoft's instruction to try again",
        text="The only way to start a failed upgrade once more. The instruction is kept, opens one "
        "attempt, and is used up by it; the vault is queued again.",
        parameters=(ID,),
        body=Body(
            schema="RetryBody",
            examples={
                "an instruction": {
                    "ticket": "2611230040001234",
                    "instruction": "Please start the upgrade again.",
                    "authorizedBy": "ada@example.com",
                }
            },
        ),
        replies=(
            Reply(
                status=202,
                text="Recorded and queued.",
                shape=RetryAccepted,
                example={
                    "id": samples.UPGRADE_ID,
                    "attempt": 2,
                    "ticket": "2611230040001234",
                    "requestId": "retry-2-0f8a1c2b3d4e",
                },
            ),
        ),
        refusals=(
            invalid(),
            NO_UPGRADE,
            Refusal(
                status=409,
                codes=("StillRunning", "RetryRefused"),
                text="The run has not ended, or nothing failed, or another ticket opened the "
                "attempt that is still to be made.",
            ),
            Refusal(
                status=503,
                codes=(*BUSY.codes, *NO_EVIDENCE.codes),
                text="The queue or the evidence could not be reached. Hand the same ticket in "
                "again: it is the same instruction.",
            ),
        ),
    ),
}
"""By the name of the registered function."""
