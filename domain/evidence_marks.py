"""``data`` of the marks that are left in evidence before something is done, or once it failed.

A mark says who does what, so that a second execution or another process finds out about the first.
Apart from :mod:`domain.evidence_data`: what leaves a mark needs none of the types of results.
"""

from typing import TypedDict

from domain.codec import JsonObject


class IntentData(TypedDict):
    """The OperationId of an attempt, chosen before anything is sent."""

    operationId: str
    target: str
    """ARM id of the vault to be."""


class SendData(TypedDict):
    """The upgrade call may have been sent from here on."""

    lookNo: int
    target: str
    at: str
    """When the marker was left; the call leaves soon after it or not at all."""


class FailureData(TypedDict):
    """An attempt failed; nothing is started without Microsoft's instruction."""

    operationId: str | None


class SentData(TypedDict):
    """A policy write may have been sent from here on."""

    policy: str


class EditData(TypedDict):
    """One policy edit, counted before it is sent."""

    policy: str
    attempt: str


class ReportsMadeData(TypedDict):
    """A diagnostic setting that is about to be made."""

    name: str
    before: None
    intended: JsonObject


class ClaimData(TypedDict):
    """Who reads the machines of a subscription today: one reader at a time."""

    subscription: str
