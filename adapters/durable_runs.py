"""The runs of ``upgrade_vault`` behind a durable client (port UpgradeRuns).

Reading before starting is the rule: the real host begins an ended instance anew without a word
(service-bus 6.3), and a message may come twice.
"""

from typing import Any, Protocol

from durabletask.client import OrchestrationState, OrchestrationStatus
from pydantic import ValidationError

from adapters.ports import UpgradeRun
from domain.codec import from_json, to_json
from domain.moments import as_utc
from domain.outcomes import VaultOutcome
from domain.requests import UpgradeRequest, upgrade_instance_id
from domain.upgrade import RunState
from domain.vaults import ClassicVaultRef

_ENDED = frozenset(
    {OrchestrationStatus.COMPLETED, OrchestrationStatus.FAILED, OrchestrationStatus.TERMINATED}
)


class DurableClient(Protocol):
    """As much of the durable client as runs need."""

    async def get_orchestration_state(
        self, instance_id: str, *, fetch_payloads: bool = True
    ) -> OrchestrationState | None:
        """How an instance stands."""
        ...

    async def schedule_new_orchestration(
        self,
        orchestrator: str,
        *,
        input: Any = None,  # noqa: A002 - the durable client's own name
        instance_id: str | None = None,
    ) -> str:
        """Begins an instance."""
        ...


class DurableRuns:
    """Port UpgradeRuns on the durable client of one invocation.

    Args:
        client: The invocation's client.
        orchestrator: Name under which the workflow of one vault is registered.
    """

    def __init__(self, client: DurableClient, orchestrator: str) -> None:
        self._client = client
        self._orchestrator = orchestrator

    async def read(self, vault: ClassicVaultRef) -> UpgradeRun | None:
        """The vault's run; None if there never was one."""
        state = await self._client.get_orchestration_state(upgrade_instance_id(vault))
        return None if state is None else _to_run(state)

    async def start(self, request: UpgradeRequest) -> bool:
        """Begins the vault's run, or joins the one that is there; whether it began."""
        # Two messages may pass here at once; the engine then lets one of them begin (see below).
        if not _may_start(await self.read(request.vault), request):
            return False
        try:
            await self._client.schedule_new_orchestration(
                self._orchestrator,
                input=to_json(request),
                instance_id=upgrade_instance_id(request.vault),
            )
        except Exception:
            # Between reading and starting another message may have begun the run; the host says
            # so with a bare exception (service-bus 6.3). That counts as success.
            if _may_start(await self.read(request.vault), request):
                raise
            return False
        return True


def _may_start(run: UpgradeRun | None, request: UpgradeRequest) -> bool:
    """Whether a request begins a run: the first of its vault, or a new one after the last ended.

    What a new run may do is its own business: a vault that is upgraded is settled only, one that
    failed stays failed (DESIGN rule 2).
    """
    # By the request's id: a redelivered message of an ended run must not begin the vault's run
    # again (service-bus 6.4).
    return run is None or (run.is_ended and run.request_id != request.request_id)


def _to_run(state: OrchestrationState) -> UpgradeRun:
    # The input is the one thing that never changes while a run goes on.
    try:
        request = from_json(UpgradeRequest, state.get_input(dict))
        shown = _run_state(state)
    except ValidationError:
        # Begun by hand under a vault's id, with something else. It answers nobody's request, and
        # must not keep whoever looks after many vaults from the others.
        request, shown = None, RunState.STOPPED
    return UpgradeRun(
        request_id=request.request_id if request else "",
        slot=request.slot if request else None,
        state=shown,
        is_ended=state.runtime_status in _ENDED,
        # The durable client gives times without a zone, meaning UTC.
        updated_at=as_utc(state.last_updated_at),
    )


def _run_state(state: OrchestrationState) -> RunState:
    # From the outcome, not the custom status: that is what the run returned and evidence holds.
    if state.runtime_status is OrchestrationStatus.COMPLETED:
        return from_json(VaultOutcome, state.get_output(dict)).state
    if state.runtime_status in _ENDED:
        # The workflow itself broke down or was terminated: nobody can vouch for the vault.
        return RunState.STOPPED
    # Empty before the first turn.
    shown: dict[str, Any] = state.get_custom_status(dict) or {}
    return RunState(shown.get("state", RunState.INSPECTING))
