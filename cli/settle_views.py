"""What the app's HTTP API says about one settlement, as the command line reads it."""

from cli.views import Body, PlanView, UpgradeView, VaultView


def is_settlement(some_id: str) -> bool:
    """Whether an id is that of a settlement; upgrades have theirs in the same commands."""
    return some_id.startswith("settle-") or some_id.endswith(".settle")


class SettledVaultView(VaultView):
    """Names the Recovery Services vault."""

    # A settled vault is named by its group; the region is the upgrade view's, and has no meaning
    # here.
    region: str = ""
    resource_group: str = ""


class StatementView(Body):
    """One statement of the article and how it stands."""

    id: str
    text: str
    state: str
    open_subjects: tuple[str, ...] = ()


class TaskView(Body):
    """Something a person has to do."""

    subject: str
    text: str


class WorkView(Body):
    """Something to do at one machine."""

    owner: str = ""
    machine: str
    vault: str
    check_id: str
    found: str = ""
    what_to_do: str


class PolicyView(Body):
    """What a policy is and would be."""

    policy: str
    decision: str
    reason: str = ""
    now: str = ""
    then: str = ""


class GuardView(Body):
    """What the owner of a Resource Guard has to be asked for."""

    text: str = ""
    request_id: str = ""


class SettlementPlanView(PlanView):
    """What would be written."""

    changes: tuple[str, ...] = ()
    """One sentence each; at most fifty of them."""
    count: int = 0


class SettlementView(UpgradeView):
    """One settlement; what it shares with an upgrade is shown the same way."""

    vault: SettledVaultView
    is_dry_run: bool = False
    job_sync: str | None = None
    pending_changes: tuple[str, ...] = ()
    plan: SettlementPlanView | None = None
    guard: GuardView | None = None
    checklist: tuple[StatementView, ...] = ()
    policies: tuple[PolicyView, ...] = ()
    tasks: tuple[TaskView, ...] = ()
    work_list: tuple[WorkView, ...] = ()


class AcceptedSettlement(Body):
    """One vault of an accepted request."""

    id: str
    vault: SettledVaultView
    joined: bool = False


class AcceptedSettlements(Body):
    """Answer of ``POST /api/settlements``."""

    request_id: str
    settlements: tuple[AcceptedSettlement, ...]
