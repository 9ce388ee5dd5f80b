"""What stands against an upgrade, from every source, as one machine-readable result.

The service's own check is one source; the others are what the upgrade script looked at by itself
before it asked the service (vault-upgrade 1.1, 1.3, 1.9). Each reason says whether it blocks, what
would do away with it, and where it comes from.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.lost_machine import LostMachine
from domain.sentences import join_sentences
from domain.upgrade import ClassicVault, PrerequisiteCheck
from domain.vaults import Provenance

REGISTERED = "Registered"
"""State of a resource provider or feature that is ready to be used."""


class Gravity(StrEnum):
    """How much a reason matters."""

    ERROR = "error"
    """Blocks: nothing is started while it stands."""
    WARNING = "warning"
    """Somebody has to agree to it."""
    UNKNOWN = "unknown"
    """Could not be read. Never a pass (DESIGN rule 4): somebody has to agree to it, too."""
    NOTE = "note"
    """Worth knowing; agreed to already, or in need of nobody's consent."""


class Consent(StrEnum):
    """The member of a request that agrees to a reason before it comes up."""

    WARNINGS = "acceptWarnings"
    CREATE_GROUP = "createResourceGroup"
    REGISTER_PROVIDERS = "registerProviders"


@dataclass(frozen=True, kw_only=True)
class CheckReason:
    """One thing that stands against the upgrade, or is worth knowing before it."""

    code: str
    """Ours for what we looked at; the service's own for what it said."""
    gravity: Gravity
    message: str
    what_to_do: str
    source: str
    """Which look it comes from: ``service check``, ``resource groups`` and so on."""
    rule: str
    """Section of the fact sheet the rule is from."""
    consent: Consent | None = None
    """What would have agreed to it; None where only a person can, or nobody."""
    rows: tuple[tuple[str, ...], ...] = ()
    """The table in the message, one row for each machine or job."""
    explanation: str = ""
    """What is documented about the cause, where the service gave advice of its own."""
    category: str = ""
    """The service's own word for the kind of reason."""
    is_blocking: bool = False
    """True for errors, and only for them; written out for those who read the JSON."""

    @property
    def needs_consent(self) -> bool:
        """Whether somebody has to agree."""
        # Errors are not in it: no consent helps against them.
        return self.gravity in {Gravity.WARNING, Gravity.UNKNOWN}

    def __str__(self) -> str:
        """The reason in one line, as it is shown to people."""
        # The table says more than its sentence: which machines, which jobs.
        table = " | ".join("; ".join(row) for row in self.rows)
        return join_sentences(f"{self.code}: {table or self.message}", self.what_to_do)


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """Everything a check came to."""

    reasons: tuple[CheckReason, ...]
    to_register: tuple[str, ...] = ()
    """Resource providers that must be registered first, once somebody has agreed."""
    to_unregister: tuple[LostMachine, ...] = ()
    """Machines that are gone for good, once somebody has agreed."""
    sources: tuple[Provenance, ...] = ()
    """Every reading the reasons rest on."""

    @property
    def blocking(self) -> tuple[CheckReason, ...]:
        """The reasons that stop the run."""
        return tuple(one for one in self.reasons if one.is_blocking)

    @property
    def open_questions(self) -> tuple[CheckReason, ...]:
        """The reasons somebody has to agree to."""
        return tuple(one for one in self.reasons if one.needs_consent)


@dataclass(frozen=True, kw_only=True)
class CheckContext:
    """What the client-side checks are about."""

    classic: ClassicVault
    check: PrerequisiteCheck
    """What the service itself said."""
    target_group: str
    create_group: bool
    """Consent to a resource group that does not exist yet."""
    register_providers: bool
    """Consent to registering resource providers."""


def error(code: str, message: str, what_to_do: str, *, source: str, rule: str) -> CheckReason:
    """A reason that blocks."""
    return CheckReason(
        code=code,
        gravity=Gravity.ERROR,
        message=message,
        what_to_do=what_to_do,
        source=source,
        rule=rule,
        is_blocking=True,
    )
