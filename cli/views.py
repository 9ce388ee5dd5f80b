"""What the app's HTTP API says about one upgrade, as the command line reads it."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from domain.codec import JsonObject
from domain.errors import UnexpectedAnswerError
from domain.upgrade import END_STATES, RunState

QUEUED = "queued"
"""State of an upgrade that no run has picked up yet."""


class Body(BaseModel):
    """What every answer of the app has in common: camelCase members, read and never changed."""

    # Members a newer app adds are passed over, so that an older command line can still read it.
    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True
    )


class VaultView(Body):
    """Names the classic vault."""

    subscription_id: str
    region: str
    name: str
    vault_type: str = "BackupVault"


class FindingCounts(Body):
    """How many findings of each verdict."""

    passed: int = 0
    failed: int = 0
    unknown: int = 0
    not_applicable: int = 0


class PlanView(Body):
    """What somebody has to agree to."""

    hash: str


class UpgradeView(Body):
    """One upgrade as ``GET /api/upgrades/{id}`` shows it."""

    id: str
    vault: VaultView
    state: str
    reasons: tuple[str, ...] = ()
    operation_id: str | None = None
    started_at: datetime | None = None
    updated_at: datetime | None = None
    ended_at: datetime | None = None
    duration_seconds: float | None = None
    findings: FindingCounts = FindingCounts()
    task_count: int = 0
    evidence_prefix: str | None = None
    plan: PlanView | None = None

    @property
    def end_state(self) -> RunState | None:
        """The end the run came to, or None while it is on its way.

        A run that shows an end state but no time of its end is still writing its verdict.
        """
        # A state this version does not know reads as on its way, never as an end.
        ends = {state.value: state for state in END_STATES}
        return ends.get(self.state) if self.ended_at else None

    def belongs_to(self, request_id: str) -> bool:
        """Whether this is the run of that request; evidence is kept under the request's id."""
        prefix = self.evidence_prefix or ""
        # Without a prefix nothing speaks against it: the run has not kept any evidence yet.
        return not prefix or prefix.rstrip("/").rsplit("/", 1)[-1] == request_id


class Accepted(Body):
    """One vault of an accepted request."""

    id: str
    vault: VaultView
    joined: bool = False
    """An upgrade of this vault was on its way already; the request joined it."""

    def as_queued(self) -> UpgradeView:
        """How the upgrade looks before its run has begun."""
        return UpgradeView(id=self.id, vault=self.vault, state=QUEUED)


class AcceptedRequest(Body):
    """Answer of ``POST /api/upgrades``."""

    request_id: str
    upgrades: tuple[Accepted, ...]


class UpgradePage(Body):
    """One page of ``GET /api/upgrades``."""

    upgrades: tuple[UpgradeView, ...]
    continuation_token: str | None = None


def parse[T: Body](model: type[T], body: JsonObject, *, subject: str) -> T:
    """The body as a model.

    Raises:
        UnexpectedAnswerError: It does not have that shape; names the member.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        # One member is enough to see that it is another app, or another version.
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UnexpectedAnswerError(
            f"the answer's {place or 'body'} is not as documented: {first['msg']}",
            subject=subject,
            what_to_do="Is this address the vaultlift app, and of the same version?",
        ) from error
