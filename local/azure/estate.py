"""Estates: where simulated Azure's state comes from.

An estate is opened at a moment of virtual time, and can be opened again for a reset. Its file is
YAML; every mistake in it is reported at once, with the place where it stands.
"""

from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import yaml
from pydantic import ValidationError

from domain.errors import InvalidInputError, Problem
from local.azure import model, policy_documents
from local.azure.contents import (
    Contents,
    Engine,
    Item,
    Job,
    Machine,
    Policy,
    PolicyVersion,
    Workload,
)
from local.azure.diagnostic_settings import NO_WORKSPACE, estate_settings, workspace_arm_id
from local.azure.estate_rows import (
    EstateFile,
    ItemRow,
    JobRow,
    PolicyRow,
    RecordRow,
    SubscriptionRow,
    VaultRow,
)
from local.azure.moments import TICKS_PER_SECOND, ticks_of
from local.azure.names import stable_guid
from local.azure.state import State

# Machines of both kinds are AzureIaasVM. What tells them apart are the type of the item and the
# name of its container (recovery-services 4).
_WORKLOADS = {
    "vm": Workload.VM,
    "classic-vm": Workload.VM,
    "file-share": Workload.FILE_SHARE,
    "sql": Workload.SQL_IN_VM,
    "folder": Workload.MAB,
    "azure-sql": Workload.AZURE_SQL,
    "generic": Workload.GENERIC,
}


class Estate(Protocol):
    """Something that can be opened into a state."""

    def open(self, now: datetime) -> State:
        """A fresh state as of ``now``."""
        ...


class FileEstate:
    """The estate of a file.

    Args:
        document: The file's rows, valid already.
    """

    def __init__(self, document: EstateFile) -> None:
        self.document = document

    def open(self, now: datetime) -> State:
        """A fresh state as of ``now``."""
        document = self.document
        return State(
            identity=model.Identity(
                tenant_id=document.tenant_id,
                client_id=document.client_id,
                client_secret=document.client_secret,
            ),
            vaults=[
                build_vault(subscription, row, now)
                for subscription in document.subscriptions
                for row in subscription.vaults
            ],
            workspaces=[
                model.Workspace(id=row.id, has_tables=row.has_tables) for row in document.workspaces
            ],
            subscriptions=[subscription.build() for subscription in document.subscriptions],
            opened_at=now,
            page_size=document.page_size,
        )


def load_estate(path: Path) -> FileEstate:
    """The estate of a YAML file.

    Raises:
        InvalidInputError: The file is not there, not YAML, or breaks a rule; lists every problem.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        problem = Problem(where=str(path), field="-", message=str(error))
        raise InvalidInputError([problem], subject=str(path)) from error
    return parse_estate(document, subject=str(path))


def parse_estate(document: Any, *, subject: str = "estate") -> FileEstate:
    """The estate of a parsed document.

    Raises:
        InvalidInputError: It breaks a rule; lists every problem.
    """
    try:
        return FileEstate(EstateFile.model_validate(document))
    except ValidationError as error:
        problems = [
            Problem(
                where=".".join(str(part) for part in found["loc"]) or "document",
                field=str(found["loc"][-1]) if found["loc"] else "-",
                message=found["msg"],
            )
            for found in error.errors()
        ]
        raise InvalidInputError(problems, subject=subject) from error


def build_vault(subscription: SubscriptionRow, row: VaultRow, now: datetime) -> model.Vault:
    """The vault of a row, in the state it has when the estate is opened."""
    # A vault is classic unless told otherwise: those are what this is about.
    classic = None
    if row.native is None:
        classic = model.ClassicIds.derive(subscription.id, row.region, row.name, row.namespace)
    return model.Vault(
        subscription_id=subscription.id,
        region=row.region,
        name=row.name,
        # Filled at first sight: ten thousand vaults must not be built to look at one.
        fill=lambda: _with_reports(build_contents(row, now), subscription.id, row),
        vault_type=row.type,
        classic=classic,
        native_group=row.native.resource_group if row.native else None,
        created_at=row.created,
        plan=_plan(row),
        is_storage_billed=row.storage_billed,
        is_csp=row.csp,
        reasons=tuple(
            model.Reason(
                code=reason.code,
                message=reason.message,
                severity=reason.type,
                category=reason.category,
                recommended_action=reason.recommended_action,
                until=now + reason.lasts if reason.lasts else None,
            )
            for reason in row.reasons
        ),
        local_zone=row.local_zone,
        log_workspace=row.log_workspace,
        tags=dict(row.tags),
        scenario=row.scenario,
        expected_end=row.expected_end,
        records=[_record(subscription.id, row.name, row.record, now)] if row.record else [],
    )


def _plan(row: VaultRow) -> model.UpgradePlan:
    upgrade = row.upgrade
    return model.UpgradePlan(
        duration=upgrade.duration,
        failure_code=upgrade.fails.code if upgrade.fails else "",
        failure_message=upgrade.fails.message if upgrade.fails else "",
        failures=upgrade.fails.times if upgrade.fails else 1,
        may_restart=upgrade.may_restart,
        job_sync_delay=upgrade.job_sync,
    )


def _record(subscription_id: str, name: str, row: RecordRow, now: datetime) -> model.UpgradeRecord:
    # Spans, not dates: an estate must be as fresh whenever it is opened.
    started = ticks_of(now - row.started_ago)
    ended = None
    if row.lasted is not None:
        ended = started + round(row.lasted.total_seconds() * TICKS_PER_SECOND)
    return model.UpgradeRecord(
        operation_id=row.operation_id,
        target_path=(
            f"/subscriptions/{subscription_id}/resourceGroups/{row.resource_group}"
            f"/providers/Microsoft.RecoveryServices/Vaults/{name}"
        ),
        started=started,
        ended=ended,
        outcome=model.RecordStatus(row.status),
        trigger=row.trigger,
        message=row.message,
        error_code=row.error_code,
    )


def build_contents(row: VaultRow, now: datetime) -> Contents:
    """What the vault of a row holds."""
    return Contents(
        # Azure compares names without case (recovery-services 0); the key is for finding, the
        # policy keeps the name as it is written.
        policies={policy.name.lower(): _policy(policy, row) for policy in row.policies},
        machines=[
            Machine(
                name=machine.name.lower(),
                agent_version=machine.agent_version,
                fabric=machine.fabric,
            )
            for machine in row.machines
        ],
        engines=[
            Engine(
                name=engine.name,
                is_dpm=engine.type == "dpm",
                agent_version=engine.agent_version,
                dpm_version=engine.dpm_version,
                has_update=engine.has_update,
            )
            for engine in row.engines
        ],
        items=[_item(item, now) for item in row.items],
        jobs=[_job(job, row, now) for job in row.jobs],
        settings=row.settings.build(),
        protectable=[(machine.name, machine.group) for machine in row.protectable],
    )


def _with_reports(contents: Contents, subscription_id: str, row: VaultRow) -> Contents:
    # A vault whose jobs reach a workspace must have the setting that sends them there, or the
    # estate would contradict itself.
    kind = row.reports or ("whole" if row.log_workspace else "none")
    workspace = workspace_arm_id(subscription_id, row.log_workspace or NO_WORKSPACE)
    contents.diagnostics = estate_settings(kind, workspace)
    return contents


def _policy(row: PolicyRow, vault: VaultRow) -> Policy:
    build = policy_documents.BUILDERS[row.type]
    properties = build(row.run_time, row.days, row.time_zone)
    # In force since the vault was made: the backups of all the time before the opening are computed
    # from it.
    version = PolicyVersion(effective_at=vault.created, properties=properties)
    return Policy(name=row.name, versions=[version], is_hidden=row.hidden)


def _item(row: ItemRow, now: datetime) -> Item:
    holder = row.holder or row.name
    return Item(
        workload=_WORKLOADS[row.type],
        name=row.name,
        # Machines are known by lower-case names, as their containers write them (3).
        holder=holder.lower() if row.type == "folder" else holder,
        policy=row.policy,
        protected_since=now - row.protected_for,
        group="" if row.type == "folder" else row.group,
        state=row.state,
        is_classic=row.type == "classic-vm",
        is_failing=row.failing,
    )


def _job(row: JobRow, vault: VaultRow, now: datetime) -> Job:
    started_at = now - row.started_ago
    return Job(
        id=stable_guid("job", vault.region, vault.name, row.operation, row.holder, row.entity),
        workload=_WORKLOADS[row.type],
        operation=row.operation,
        entity=row.entity,
        holder=row.holder,
        group=row.group,
        started_at=started_at,
        ends_at=started_at + row.lasts,
        # It was begun before the estate was opened; the short while in which a new job cannot be
        # found (recovery-services 1.4) belongs to jobs that a call sets going.
        visible_at=started_at,
    )
