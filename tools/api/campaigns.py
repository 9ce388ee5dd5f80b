"""The routes of campaigns, in words."""

from collections.abc import Mapping

from domain.campaign_body import CAMPAIGN_ID_PATTERN
from domain.campaigns import Verb
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
from triggers.shapes.campaigns import (
    AcceptedCampaign,
    CampaignDetail,
    CampaignPage,
    CampaignPlan,
    CommandAccepted,
)

TAG = "campaigns"

ID = Parameter(
    name="id",
    text="The campaign's id.",
    schema={"type": "string", "pattern": CAMPAIGN_ID_PATTERN},
    example=samples.REQUEST_ID,
)

_BODY: JsonObject = {
    "campaignId": samples.REQUEST_ID,
    "requestedBy": "ada@example.com",
    "vaults": [samples.UPGRADE_ROW],
    "window": 50,
    "errorThreshold": {"percent": 3},
    "maintenance": {
        "timeZone": "Europe/Paris",
        "hours": [{"days": ["mon", "tue"], "start": "22:00", "end": "04:00"}],
    },
}
_FOUND: JsonObject = {
    "subscriptions": [samples.SUBSCRIPTION],
    "defaults": {"targetResourceGroup": "rg-backup"},
    "dryRun": True,
}
_OPTIONS: JsonObject = {
    "window": 50,
    "perSubscription": None,
    "perRegion": None,
    "errorThreshold": {"percent": 3.0},
    "maintenance": None,
}
_VIEW: JsonObject = {
    "id": samples.REQUEST_ID,
    "phase": "paused",
    "cause": "threshold",
    "reason": "2 vaults have failed; more than 3 % of 40.",
    "total": 40,
    "counts": {"closed": 20, "needs_support": 2, "waiting": 18},
    "round": 1,
    "startedAt": samples.STARTED,
    "updatedAt": samples.ENDED,
    "endedAt": None,
    **_OPTIONS,
}
_PLACED: JsonObject = {"position": 7, "id": samples.UPGRADE_ID, "vault": samples.CLASSIC_VIEW}

TEXTS: Mapping[str, RouteText] = {
    "post_campaigns": RouteText(
        tag=TAG,
        summary="Start a campaign, or see its plan",
        text="Over a list of vaults, or over every classic Backup vault of whole subscriptions. "
        "With `dryRun` nothing is kept or sent.",
        body=Body(
            schema="CampaignBody",
            examples={"a list": _BODY, "dry run over what is found": _FOUND},
        ),
        replies=(
            Reply(
                status=200,
                text="The plan of a dry run.",
                shape=CampaignPlan,
                example={
                    "id": samples.REQUEST_ID,
                    **_OPTIONS,
                    "total": 1,
                    "unknownSizes": 1,
                    "expectedStart": samples.STARTED,
                    "expectedEnd": "2026-11-23T02:43:12+00:00",
                    "expectedHours": 0.4,
                    "lowerBoundHours": 0.4,
                    "vaults": [
                        {
                            **_PLACED,
                            "position": 0,
                            "protectedItems": None,
                            "expectedMinutes": 24,
                            "expectedStart": samples.STARTED,
                        }
                    ],
                    "skipped": [{"vault": "vault-old (West US)", "why": "is upgraded already"}],
                },
            ),
            Reply(
                status=202,
                text="Started.",
                shape=AcceptedCampaign,
                example={
                    "id": samples.REQUEST_ID,
                    "total": 40,
                    "statusUrl": f"{samples.URL}/campaigns/{samples.REQUEST_ID}",
                },
            ),
        ),
        refusals=(
            invalid(),
            Refusal(
                status=409,
                codes=("AlreadyExists",),
                text="A campaign of this id exists, or existed with another plan.",
            ),
            Refusal(
                status=502,
                codes=("DiscoveryFailed",),
                text="A subscription could not be listed. Unknown is not empty: nothing was "
                "started.",
            ),
            NO_EVIDENCE,
        ),
    ),
    "list_campaigns": RouteText(
        tag=TAG,
        summary="List campaigns",
        text="Every campaign once; within a page the latest first.",
        parameters=PAGE,
        replies=(
            Reply(
                status=200,
                text="One page.",
                shape=CampaignPage,
                example={"campaigns": [_VIEW], "continuationToken": None},
            ),
        ),
        refusals=(invalid(BAD_PAGE),),
    ),
    "get_campaign": RouteText(
        tag=TAG,
        summary="Look at a campaign",
        text="Counts, the vaults that need somebody's eyes, and who asked for what.",
        parameters=(ID,),
        replies=(
            Reply(
                status=200,
                text="The campaign.",
                shape=CampaignDetail,
                example={
                    **_VIEW,
                    "failed": [_PLACED],
                    "missing": [],
                    "trail": [
                        {
                            "at": samples.STARTED,
                            "what": "start-requested",
                            "requestedBy": "ada@example.com",
                            "detail": "",
                        }
                    ],
                    "evidencePrefix": f"campaigns/{samples.REQUEST_ID}",
                },
            ),
        ),
        refusals=(not_found("There is no such campaign."), NO_EVIDENCE),
    ),
    "post_campaign_command": RouteText(
        tag=TAG,
        summary="Pause, resume, cancel or redrive",
        text="`pause` starts nothing more, `resume` goes on, `cancel` gives up what was not sent, "
        "`redrive` lets blocked, unapproved and stopped vaults run again. What runs is followed "
        "to its end in every case.",
        parameters=(
            ID,
            Parameter(
                name="verb",
                text="What to do.",
                schema={"type": "string", "enum": [verb.value for verb in Verb]},
            ),
        ),
        body=Body(schema="CommandBody", examples={"with a comment": samples.COMMAND}),
        replies=(
            Reply(
                status=202,
                text="The campaign was told; the trail shows when it is done.",
                shape=CommandAccepted,
                example={"id": samples.REQUEST_ID, "verb": "pause"},
            ),
        ),
        refusals=(
            invalid(),
            not_found("There is no such campaign, or no such verb."),
            Refusal(
                status=409,
                codes=("NotAllowed", "NothingToRedrive"),
                text="The campaign takes no such command in its phase, or no vault may run again.",
            ),
            NO_EVIDENCE,
        ),
    ),
}
"""By the name of the registered function."""
