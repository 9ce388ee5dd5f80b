"""Faults on demand: which calls go wrong, and how.

A rule is tried against every call in the order the rules were added; the first that fits and has
something left strikes. Probability is drawn from a seeded generator, so that a run can be repeated.
"""

import random
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

from domain.codec import JsonObject


class FaultKind(StrEnum):
    """What goes wrong."""

    STATUS = "status"
    """Answers with a status, before any effect; 429 and 503 may say Retry-After."""
    DROP = "drop"
    """Closes the connection before any effect."""
    LOST_RESPONSE = "lost-response"
    """Does what was asked, then closes the connection without an answer."""
    LATENCY = "latency"
    """Does what was asked at once, and answers late."""
    WRONG_BODY = "wrong-body"
    """Does what was asked, then answers with a body of the wrong form (200 unless told)."""
    MEDDLE = "meddle"
    """Does what was asked; right after, somebody else edits the policy the call was about."""
    EXPIRE_TOKEN = "expire-token"  # noqa: S105 - the name of a fault
    """Ends the caller's token first, so that the call is answered with 401."""


class FaultRule(BaseModel):
    """Which calls a fault strikes. Every condition that is given must hold."""

    model_config = ConfigDict(
        extra="forbid", alias_generator=to_camel, populate_by_name=True, frozen=True
    )

    kind: FaultKind
    method: str | None = None
    path: str | None = None
    """Regular expression, searched in the decoded path without regard to case."""
    route: str | None = None
    vault: str | None = None
    """Name of the vault, compared without case."""
    count: int | None = Field(default=None, ge=1)
    """How often it strikes; None: always."""
    skip: int = Field(default=0, ge=0)
    """How many fitting calls are let through first."""
    probability: float = Field(default=1.0, gt=0, le=1)
    seed: int = 0
    status: int = Field(default=500, ge=400, le=599)
    code: str | None = None
    """Error code of the body; None: one that fits the status."""
    retry_after_s: int | None = Field(default=None, ge=0)
    # 300 s is the time-out of the classic client itself (vault-upgrade 2.0).
    latency_s: float = Field(default=0, ge=0, le=300)
    """Real seconds."""
    body: str = "<html><body>Service Unavailable</body></html>"
    """What ``wrong-body`` answers with."""

    @field_validator("path")
    @classmethod
    def _is_regex(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from error
        return value

    @model_validator(mode="after")
    def _has_latency(self) -> "FaultRule":
        if self.kind is FaultKind.LATENCY and not self.latency_s:
            raise ValueError("a latency fault needs latencyS above 0")
        return self


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a rule looks at."""

    method: str
    path: str
    route: str
    vault: str


class _Armed:
    """A rule with what is left of it."""

    def __init__(self, rule: FaultRule) -> None:
        self.rule = rule
        self.struck = 0
        self._seen = 0
        # Each rule draws for itself, so that adding one leaves the others as they were.
        self._random = random.Random(rule.seed)

    def strikes(self, subject: Subject) -> bool:
        if self._is_spent() or not _fits(self.rule, subject):
            return False
        # Every fitting call counts, struck or not: skip is about calls, not about chances.
        self._seen += 1
        if self._seen <= self.rule.skip or self._random.random() >= self.rule.probability:
            return False
        self.struck += 1
        return True

    def _is_spent(self) -> bool:
        return self.rule.count is not None and self.struck >= self.rule.count


def _fits(rule: FaultRule, subject: Subject) -> bool:
    wanted = ((rule.method, subject.method), (rule.route, subject.route))
    if any(want is not None and want.lower() != have.lower() for want, have in wanted):
        return False
    if rule.vault is not None and rule.vault.lower() != subject.vault.lower():
        return False
    return rule.path is None or re.search(rule.path, subject.path, re.IGNORECASE) is not None


class Faults:
    """Every fault rule in force."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    def add(self, rule: FaultRule) -> None:
        """Puts a rule behind the others."""
        self._armed.append(_Armed(rule))

    def clear(self) -> None:
        """Takes all rules away."""
        self._armed.clear()

    def strike(self, subject: Subject) -> FaultRule | None:
        """The rule that strikes a call, or None; it counts as one strike."""
        # Only one strikes; rules behind it have not seen the call.
        return next((armed.rule for armed in self._armed if armed.strikes(subject)), None)

    def listing(self) -> list[JsonObject]:
        """Every rule with the number of times it struck."""
        return [
            armed.rule.model_dump(mode="json", by_alias=True) | {"struck": armed.struck}
            for armed in self._armed
        ]


def parse_rules(document: Any) -> list[FaultRule]:
    """Rules from JSON: one object, or a list of them.

    Raises:
        ValueError: A rule is malformed; says where.
    """
    rows = document if isinstance(document, list) else [document]
    try:
        return [FaultRule.model_validate(row) for row in rows]
    except ValidationError as error:
        raise ValueError(str(error)) from error
