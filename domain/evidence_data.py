"""What stands in ``data`` of evidence documents that no single step's type describes.

Members are spelt as they are kept. Kinds whose data is one of the domain's own types are not here;
``docs/reference/evidence.schema.json`` lists all of them.
"""

from typing import Any, NotRequired, TypedDict

from domain.campaigns import CampaignState
from domain.codec import JsonObject
from domain.documents import Difference
from domain.exchanges import Exchange
from domain.findings import Finding
from domain.jobs import JobSync
from domain.outcomes import ManualTask
from domain.previews import SchedulePreview
from domain.requests import UpgradeRequest
from domain.vaults import Provenance
from domain.zone_changes import ZoneChange
from domain.zone_sources import ExpectedZone


class ImagePart(TypedDict):
    """One listing of a classic vault."""

    value: Any
    """As the service gave it."""
    provenance: Provenance


class BeforeImageData(TypedDict):
    """A classic vault before its upgrade; parts that could not be read are missing."""

    vaultId: str | None
    unread: list[str]
    machines: NotRequired[ImagePart]
    policies: NotRequired[ImagePart]
    storage: NotRequired[ImagePart]


class FindingsData(TypedDict):
    """What a step found, and what people have to do about it."""

    findings: list[Finding]
    tasks: list[ManualTask]
    unread: NotRequired[list[str]]
    """Why something could not be read, where that was so."""


class ConfirmationData(TypedDict):
    """The new vault, and how its own record of the upgrade compares with the classic one."""

    vault: JsonObject
    """As Azure Resource Manager gave it."""
    findings: list[Finding]
    tasks: list[ManualTask]
    provenance: Provenance


class EscalationData(TypedDict):
    """An upgrade runs longer than the service's own client would have waited."""

    operationId: str
    startedAt: str
    message: str


class FailedVaultData(TypedDict, total=False):
    """What Resource Manager shows of the vault to be after a failure: it, or why it is unread."""

    vault: JsonObject
    unread: str


class ExchangesData(TypedDict):
    """Stands beside the members of a step that talked to the classic service."""

    exchanges: list[Exchange]
    """Requests and answers, redacted."""


class PolicyRow(TypedDict):
    """One policy of a plan of time zones."""

    policy: str
    plan: ZoneChange | None
    """Null where somebody has to decide."""
    runTimes: list[str]
    previewNow: SchedulePreview | None
    previewThen: NotRequired[SchedulePreview]


class ZonePlanData(TypedDict):
    """Stands beside the members of the plan: where the zone comes from, and every policy."""

    expected: ExpectedZone
    policies: list[PolicyRow]


class UndoData(TypedDict):
    """The way back from a policy write."""

    method: str
    uri: str
    body: JsonObject
    command: str


class BeforeData(TypedDict):
    """A policy before a write, and as it is meant to be afterwards."""

    before: JsonObject
    intended: JsonObject
    differences: list[Difference]
    undo: UndoData


class AnswerData(TypedDict):
    """Somebody's answer to a question of a settlement, whether it counted or not."""

    decision: str
    at: str
    by: NotRequired[str]
    planHash: NotRequired[str]
    approver: NotRequired[str]
    comment: NotRequired[str]


class LookData(TypedDict):
    """One look at the jobs that did not settle the matter."""

    sync: JobSync
    unread: list[str]


class CampaignEndData(TypedDict):
    """How one round of a campaign ended."""

    state: CampaignState
    at: str


class NoteData(TypedDict):
    """One line of a campaign's trail."""

    what: str
    detail: str
    requested_by: str
    at: str


class ReplayData(TypedDict):
    """Who had messages sent anew; twice, before it was done and after."""

    box: str
    only: int | None
    """The one message; null for the whole box."""
    requestedBy: str
    comment: str
    replayed: NotRequired[list[JsonObject]]


class AdmissionData(TypedDict):
    """A vault that waits for its turn."""

    messageId: str
    request: UpgradeRequest
