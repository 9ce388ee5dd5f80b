"""The published schema of evidence documents: the frame, and what ``data`` is for each kind."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from domain import evidence_data as data
from domain import evidence_marks as marks
from domain.audits import AuditPage, AuditRows, AuditSummary, Estate
from domain.campaign_steps import PlanPage
from domain.codec import JsonObject
from domain.evidence import EVIDENCE_SCHEMA
from domain.outcomes import SettlementReport, VaultReport
from domain.plans import UpgradePlan
from domain.prechecks import CheckResult
from domain.requests import UpgradeRequest
from domain.retries import RetryAuthorization
from domain.rosters import Roster
from domain.settling import PolicyWrite, SettleRequest, ZonePlan
from domain.steps import (
    ApprovalRecord,
    RegistrationAnswer,
    RegistrationRequest,
    ReminderRecord,
    StartAnswer,
    UnregisterRequest,
)
from domain.support import SupportBundle
from domain.upgrade import ClassicVault, OperationInfo, PrerequisiteCheck
from tools.api.document import tidy
from tools.described import DescribedSchema

REF = "#/$defs/{model}"

_RUN = "vaults/<vault key>/runs/<run id>"
_SETTLEMENT = "vaults/<vault key>/settlements/<run id>"
_EITHER = "<run or settlement>"
_START = "vaults/<vault key>/start/attempt-<n>"
_POLICY = f"{_EITHER}/09-policies/<policy>/<round>-<attempt>"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of document."""

    key: str
    """Where it is kept; angle brackets stand for what differs."""
    text: str
    types: tuple[Any, ...]
    """What ``data`` is: the members of all of these together."""
    others: tuple[Any, ...] = ()
    """What it is instead where another workflow writes the same kind."""


def _kind(key: str, text: str, *types: Any, others: tuple[Any, ...] = ()) -> Kind:
    return Kind(key=key, text=text, types=types, others=others)


def _findings(step: str, what: str) -> Kind:
    return _kind(f"{_EITHER}/{step}.json", f"Findings about {what}.", data.FindingsData)


KINDS: Mapping[str, Kind] = {
    "accepted": _kind(
        "vaults/<vault key>/accepted/<request id>.json",
        "A request as it was taken, also one that joined another's run.",
        UpgradeRequest,
    ),
    "request": _kind(f"{_RUN}/01-request.json", "The request of a run.", UpgradeRequest),
    "inspection": _kind(
        f"{_RUN}/02-inspection.json", "The vault in the classic list, before.", ClassicVault
    ),
    "before-image": _kind(
        f"{_RUN}/02-before-image.json",
        "What the classic vault held; nobody can look at it after the upgrade.",
        data.BeforeImageData,
    ),
    "second-look": _kind(
        f"{_RUN}/05-second-look.json", "The same after a check that failed.", ClassicVault
    ),
    "record": _kind(f"{_RUN}/07-record[-<look>].json", "The same after the upgrade.", ClassicVault),
    "prerequisites": _kind(
        f"{_RUN}/03-prerequisites-<n>.json", "What the service's check said.", PrerequisiteCheck
    ),
    "checks": _kind(
        f"{_RUN}/03-checks-<n>.json", "Everything that was checked, with reasons.", CheckResult
    ),
    "plan": _kind(f"{_RUN}/04-plan-<hash>.json", "What somebody agrees to.", UpgradePlan),
    "approval": _kind(
        f"{_EITHER}/05-approval-<moment>.json",
        "An answer to a plan, whether it counted or not.",
        ApprovalRecord,
        others=(data.AnswerData,),
    ),
    "reminder": _kind(
        f"{_RUN}/05-reminder-<moment>.json", "Nobody had answered yet.", ReminderRecord
    ),
    "registration-asked": _kind(
        f"{_RUN}/05-registration-asked.json",
        "Resource providers that were to be registered.",
        RegistrationRequest,
    ),
    "registration": _kind(
        f"{_RUN}/05-registration.json", "That they are registered.", RegistrationAnswer
    ),
    "unregister-asked": _kind(
        f"{_RUN}/05-unregister-asked.json",
        "Machines that are about to be unregistered; their backups are given up.",
        UnregisterRequest,
    ),
    "unregistered": _kind(f"{_RUN}/05-unregistered.json", "That they are.", UnregisterRequest),
    "intent": _kind(f"{_START}/intent.json", "Before the first send.", marks.IntentData),
    "send": _kind(f"{_START}/send-<n>.json", "Before each send.", marks.SendData),
    "failure": _kind(f"{_START}/failed.json", "The attempt failed.", marks.FailureData),
    "retry-authorization": _kind(
        f"{_START}/authorization.json",
        "Microsoft's instruction that opened the attempt.",
        RetryAuthorization,
    ),
    "start": _kind(
        f"{_RUN}/06-start-<look>.json",
        "One look at the start, or the start itself.",
        StartAnswer,
        data.ExchangesData,
    ),
    "operation": _kind(
        f"{_RUN}/07-operation.json",
        "The end of the upgrade as the service told it.",
        OperationInfo,
        data.ExchangesData,
    ),
    "escalation": _kind(
        f"{_RUN}/07-escalation.json", "The upgrade runs for long.", data.EscalationData
    ),
    "confirmation": _kind(f"{_RUN}/08-confirmation.json", "The new vault.", data.ConfirmationData),
    "failed-vault": _kind(f"{_RUN}/09-failed-vault.json", "After a failure.", data.FailedVaultData),
    "support-bundle": _kind(
        f"{_RUN}/10-support-bundle.json", "What Microsoft Support needs.", SupportBundle
    ),
    "settle-request": _kind(
        f"{_SETTLEMENT}/01-request.json", "The request of a settlement.", SettleRequest
    ),
    "lineage": _findings("08-lineage", "the vault's own record of its upgrade"),
    "time-zone-plan": _kind(
        f"{_EITHER}/09-time-zone-plan.json",
        "Each policy as it is and would be.",
        ZonePlan,
        data.ZonePlanData,
    ),
    "guard": _kind(
        f"{_EITHER}/05-guard-<moment>.json",
        "The word of a Resource Guard's owner.",
        data.AnswerData,
    ),
    "policy-before": _kind(
        f"{_POLICY}-before.json", "Before-image, intention and undo.", data.BeforeData
    ),
    "policy-sent": _kind(f"{_POLICY}-sent.json", "Before a write.", marks.SentData),
    "policy-write": _kind(f"{_POLICY}-write.json", "What the write answered.", PolicyWrite),
    "policy-result": _kind(f"{_POLICY}-result.json", "What became of it.", PolicyWrite),
    "policy-edit": _kind(
        "vaults/<vault key>/policy-edits/<n>.json", "The ledger of edits.", marks.EditData
    ),
    "time-zones": _findings("09-time-zones", "the time zones of all policies, read afterwards"),
    "security": _findings("10-security", "security settings and retention"),
    "agents": _findings("10-agents", "machines and backup servers"),
    "items": _findings("10-items", "protected items"),
    "reports": _findings("10-reports", "diagnostics and reports"),
    "reports-made": _kind(
        f"{_SETTLEMENT}/10-reports-made.json",
        "Before a diagnostic setting is made.",
        marks.ReportsMadeData,
    ),
    "job-sync-look": _kind(
        f"{_EITHER}/11-jobs-look-<n>.json", "A look at the jobs.", data.LookData
    ),
    "job-sync": _findings("11-job-sync", "jobs; the look that settled the matter"),
    "outcome": _kind(
        f"{_EITHER}/outcome.json",
        "The end: the whole story of a run or of a settlement.",
        VaultReport,
        others=(SettlementReport,),
    ),
    "roster": _kind(
        "rosters/<subscription>/<day>/roster.json",
        "The machines of a subscription, read once a day.",
        Roster,
    ),
    "roster-claim": _kind(
        "rosters/<subscription>/<day>/claim-<n>.json", "Who reads them.", marks.ClaimData
    ),
    "campaign-plan": _kind(
        "campaigns/<id>/plan/<page>.json", "The vaults of a campaign, in order.", PlanPage
    ),
    "campaign-note": _kind(
        "campaigns/<id>/trail/<moment>-<what>-<n>.json",
        "Who asked what, and what happened.",
        data.NoteData,
    ),
    "campaign-outcome": _kind(
        "campaigns/<id>/outcome-<round>.json", "The end of a round.", data.CampaignEndData
    ),
    "admission": _kind(
        "admission/<folder>/<sequence number>-<request>.json",
        "A vault in the order of those nobody paces.",
        data.AdmissionData,
    ),
    "replay": _kind(
        "messages/<box>/<moment>-<id>-{asked,done}.json",
        "Messages that were sent anew.",
        data.ReplayData,
    ),
    "audit": _kind(
        "audits/<audit>/<vault key>.json", "Findings of the nightly audit.", data.FindingsData
    ),
    "audit-estate": _kind(
        "audits/<audit>/estate.json", "The vaults of an audit, and what was not listed.", Estate
    ),
    "audit-page": _kind(
        "audits/<audit>/pages/<lane>-<page>.json", "Vaults that are audited in turn.", AuditPage
    ),
    "audit-rows": _kind(
        "audits/<audit>/rows/<lane>-<page>.json", "What the vaults of a page came to.", AuditRows
    ),
    "audit-summary": _kind("audits/<audit>/summary.json", "What it came to.", AuditSummary),
}
"""Every kind that is written, by its name."""

_ABOUT = f"""\
One document of the evidence store. Documents are written once and never changed. `data` depends on
`kind`; it may get new members at any time, and documents of earlier versions may lack members that
have a default here. The version of the frame, `{EVIDENCE_SCHEMA}`, goes up when a member is renamed,
removed or changes its meaning. Bodies of Azure services stand in documents as they were read. Not
described here, because nobody but vaultlift has use for them: `admission/…/*.taken.json` and
`admission-batches/`, which say what of the order is done.
"""


def evidence_schema() -> JsonObject:
    """The JSON Schema (2020-12) of every document of the evidence store."""
    types = {id(one): one for kind in KINDS.values() for one in (*kind.types, *kind.others)}
    # As accepted, not as written: a document of an earlier version lacks what came later.
    inputs: list[Any] = [(key, "validation", TypeAdapter(one)) for key, one in types.items()]
    by_type, whole = TypeAdapter.json_schemas(
        inputs, ref_template=REF, schema_generator=DescribedSchema
    )
    schemas = {key: schema for (key, _), schema in by_type.items()}
    definitions = {name: tidy(schema) for name, schema in whole["$defs"].items()}
    definitions |= {
        f"data-{name}": _data(kind, schemas, definitions) for name, kind in KINDS.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": EVIDENCE_SCHEMA,
        "description": _ABOUT,
        "type": "object",
        "properties": {
            "schema": {"const": EVIDENCE_SCHEMA},
            "kind": {"enum": list(KINDS), "description": "What `data` is."},
            "vault": {
                "type": "string",
                "description": "What it is about, for people: a vault, a campaign, a box.",
            },
            "runId": {"type": "string", "description": "The request it belongs to."},
            "recordedAt": {"type": "string", "format": "date-time", "description": "UTC."},
            "data": {"type": "object"},
        },
        "required": ["schema", "kind", "vault", "runId", "recordedAt", "data"],
        "allOf": [_choice(name) for name in KINDS],
        "$defs": definitions,
    }


def _choice(name: str) -> JsonObject:
    return {
        "if": {"properties": {"kind": {"const": name}}},
        "then": {"properties": {"data": {"$ref": f"#/$defs/data-{name}"}}},
    }


def _data(kind: Kind, schemas: Mapping[int, JsonObject], definitions: JsonObject) -> JsonObject:
    about = {"description": f"{kind.text} Key: `{kind.key}`."}
    # A reference where one will do: most kinds are one type of the domain, and some share it.
    together = schemas[id(kind.types[0])]
    if len(kind.types) > 1:
        together = _merged([_resolve(schemas[id(one)], definitions) for one in kind.types])
    # Either or, and not merged: two workflows write this kind, and each document is one of theirs.
    if not kind.others:
        return {**together, **about}
    return {**about, "anyOf": [together, *(schemas[id(one)] for one in kind.others)]}


def _resolve(schema: JsonObject, definitions: JsonObject) -> JsonObject:
    reference = schema.get("$ref")
    return definitions[reference.rpartition("/")[2]] if reference else schema


def _merged(schemas: Iterable[JsonObject]) -> JsonObject:
    """One object with the members of all."""
    # Not allOf: where a reader closes the schema, each part would refuse the members of the other.
    whole: JsonObject = {"type": "object", "properties": {}, "required": []}
    for one in schemas:
        whole["properties"] |= one["properties"]
        whole["required"] += one.get("required", [])
    return whole
