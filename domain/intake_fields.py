"""The fields of an upgrade request: what each is called, and what it may hold.

One table serves the CSV file, the HTTP body, the queue message and the JSON Schema, so that they
cannot drift apart. A reader gets the value as the caller wrote it and raises ValueError with a
sentence that says what would be right.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from domain.codec import JsonObject
from domain.requests import ApprovalMode, TimeZoneMode
from domain.time_zones import require_zone
from domain.vaults import VaultType

MAX_PROTECTED_ITEMS = 100_000
"""More items than any vault can hold; a larger number is a slip of the pen."""

MAX_APPROVAL_HOURS = 24 * 30
"""A plan nobody answers for a month is about another vault than the one of today."""

MAX_GROUP_LENGTH = 90
"""Longest name of a resource group (vault-upgrade 1.3)."""

MAX_MACHINES = 50
"""Who has more machines to unregister has another problem than an upgrade."""

LONGEST_MACHINE_NAME = 255
"""Longest name of a host."""

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# The new vault keeps the name, so the rule of Recovery Services vaults holds (audit-checks GOV-01).
_VAULT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,49}")
# Regions are matched against GeoRegion, a display name: words of letters, digits and the like.
_REGION = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ()-]{0,62}[A-Za-z0-9)]")
# Blanks and every character the upgrade script refuses (vault-upgrade 1.3).
_REFUSED_IN_GROUP = r"""\s~!@#$%^&*+=<>,?/\\:;'"\[\]{}|"""
_NOT_IN_GROUP = re.compile(f"[{_REFUSED_IN_GROUP}]")
# Controls, soft hyphens, and what joins, separates or turns letters around: written as escapes that
# JSON Schema has as well.
_HIDDEN = (
    r"\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb"
)
_HIDDEN_MARK = re.compile(f"[{_HIDDEN}]")

_YES_NO = {"true": True, "yes": True, "false": False, "no": False}
_GUID_SCHEMA: JsonObject = {
    "type": "string",
    "pattern": f"^{_GUID.pattern.replace('a-f', 'a-fA-F')}$",
}


def _text(value: object) -> str:
    match value:
        # Before the numbers, of which Python takes a bool for one.
        case bool():
            raise ValueError("must be text, not true or false")
        case int() | float():
            raise ValueError("must be text, not a number")
        case str():
            if not value.strip():
                raise ValueError("is empty")
            if not is_text(value):
                raise ValueError("holds half a character (a lone surrogate)")
            return value
        case _:
            raise ValueError("must be text, not a list or an object")


def is_text(value: str) -> bool:
    """Whether a string can be written as UTF-8; JSON can spell strings that cannot."""
    return not any("\ud800" <= mark <= "\udfff" for mark in value)


def is_one_line(value: str) -> bool:
    """Whether a name can stand in a line of a trail without looking like another line."""
    return len(value.splitlines()) <= 1 and not any(
        mark < " " or "\x7f" <= mark < "\xa0" for mark in value
    )


def read_guid(value: object) -> str:
    """A GUID with dashes, in braces or without, as lower case without braces."""
    text = _text(value).strip()
    # The upgrade script takes braces too (vault-upgrade 1.3).
    bare = text[1:-1] if text.startswith("{") and text.endswith("}") else text
    if not _GUID.fullmatch(bare):
        raise ValueError(f"{text!r} is not a GUID like 01234567-89ab-cdef-0123-456789abcdef")
    return bare.lower()


def read_resource_group(value: object) -> str:
    """A resource-group name by the upgrade's own rule (vault-upgrade 1.3), unchanged."""
    # Not stripped: a blank at the end is one of the mistakes the rule is about.
    text = _text(value)
    if len(text) > MAX_GROUP_LENGTH:
        raise ValueError(f"has {len(text)} characters; at most {MAX_GROUP_LENGTH} are allowed")
    wrong = dict.fromkeys(_NOT_IN_GROUP.findall(text))
    if wrong:
        shown = " ".join("blank" if mark.isspace() else mark for mark in wrong)
        raise ValueError(f"{text!r} must not contain: {shown}")
    # Copied from a page, a name may bring marks nobody sees: the service would make a new group.
    hidden = dict.fromkeys(_HIDDEN_MARK.findall(text))
    if hidden:
        shown = ", ".join(f"U+{ord(mark):04X}" for mark in hidden)
        raise ValueError(f"{text!r} holds characters that cannot be seen: {shown}")
    if text.endswith("."):
        raise ValueError(f"{text!r} must not end with a period")
    return text


def read_vault_name(value: object) -> str:
    """A vault's name by the rule of Recovery Services vaults, without blanks around it."""
    text = _text(value).strip()
    if not _VAULT_NAME.fullmatch(text):
        raise ValueError(
            f"{text!r} is not a vault name: 2 to 50 letters, digits and hyphens, a letter first"
        )
    return text


def _read_region(value: object) -> str:
    # Copied from a portal, a display name often brings odd blanks along.
    text = " ".join(_text(value).split())
    if not _REGION.fullmatch(text):
        raise ValueError(f"{text!r} is not a region's display name, such as West US")
    return text


def _read_zone(value: object) -> str:
    return require_zone(_text(value))


def _word_reader(words: Iterable[str]) -> Callable[[object], str]:
    by_folded = {word.casefold(): word for word in words}

    def read(value: object) -> str:
        text = _text(value).strip()
        if text.casefold() not in by_folded:
            raise ValueError(f"{text!r} must be one of: {', '.join(by_folded.values())}")
        return by_folded[text.casefold()]

    return read


def _read_yes_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = _text(value).strip()
    if text.casefold() not in _YES_NO:
        raise ValueError(f"{text!r} must be one of: {', '.join(_YES_NO)}")
    return _YES_NO[text.casefold()]


def read_machine(value: object) -> str:
    """The name of a machine, without blanks around it."""
    name = _text(value).strip()
    if len(name) > LONGEST_MACHINE_NAME:
        raise ValueError(f"{name[:40]!r}... is no machine's name")
    return name


def _read_machines(value: object) -> tuple[str, ...]:
    # A cell of a CSV file is one text; names of machines hold neither blanks nor semicolons.
    parts = value if isinstance(value, list) else _text(value).split(";")
    names = tuple(read_machine(part) for part in parts)
    if len(names) > MAX_MACHINES:
        raise ValueError(f"names {len(names)} machines; at most {MAX_MACHINES} are allowed")
    # Once each, whatever the case: a name given twice is one machine to give up, not two.
    return tuple({name.casefold(): name for name in names}.values())


def _number_reader(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        count = value
        # A CSV file has nothing but text; and some programs write 5.0 for 5, which JSON Schema does
        # not tell apart.
        if isinstance(value, str) and value.strip().isdecimal():
            count = int(value)
        if isinstance(value, float) and value.is_integer():
            count = int(value)
        if isinstance(count, bool) or not isinstance(count, int):
            raise ValueError("must be a whole number")  # noqa: TRY004 - what every reader raises
        if not least <= count <= most:
            raise ValueError(f"must be from {least} to {most}, not {count}")
        return count

    return read


@dataclass(frozen=True, kw_only=True)
class InputField:
    """One field of an upgrade request."""

    member: str
    """Name in JSON."""
    column: str
    """Name in CSV."""
    read: Callable[[object], Any]
    """The canonical value; raises ValueError with the reason where there is none."""
    schema: JsonObject
    """JSON Schema of the canonical value."""
    is_required: bool = False


def _words(member: str, column: str, words: Iterable[str], description: str) -> InputField:
    choices = [str(word) for word in words]
    schema = {"type": "string", "enum": choices, "description": description}
    return InputField(member=member, column=column, read=_word_reader(choices), schema=schema)


def _yes_no(member: str, column: str, description: str) -> InputField:
    schema: JsonObject = {"type": "boolean", "description": description}
    return InputField(member=member, column=column, read=_read_yes_no, schema=schema)


FIELDS: tuple[InputField, ...] = (
    InputField(
        member="subscriptionId",
        column="subscription_id",
        is_required=True,
        read=read_guid,
        schema={**_GUID_SCHEMA, "description": "Subscription of the classic vault."},
    ),
    InputField(
        member="vaultName",
        column="vault_name",
        is_required=True,
        read=read_vault_name,
        schema={
            "type": "string",
            "pattern": f"^{_VAULT_NAME.pattern}$",
            "description": "Name of the classic vault; the new vault keeps it.",
        },
    ),
    InputField(
        member="region",
        column="region",
        is_required=True,
        read=_read_region,
        schema={
            "type": "string",
            "pattern": f"^{_REGION.pattern}$",
            "description": "Display name of the vault's region, such as West US.",
        },
    ),
    InputField(
        member="targetResourceGroup",
        column="target_resource_group",
        is_required=True,
        read=read_resource_group,
        schema={
            "type": "string",
            "maxLength": MAX_GROUP_LENGTH,
            "pattern": f"^[^{_REFUSED_IN_GROUP}{_HIDDEN}]*[^.{_REFUSED_IN_GROUP}{_HIDDEN}]$",
            "description": "Resource group of the new vault; made by the service if missing.",
        },
    ),
    InputField(
        member="timeZone",
        column="time_zone",
        read=_read_zone,
        schema={
            "type": "string",
            "description": "Windows or IANA id of the zone for every policy that has one; an"
            " unknown one is refused.",
        },
    ),
    _words(
        "timeZoneMode",
        "time_zone_mode",
        TimeZoneMode,
        "Whether the clock time or the moment of a backup stays when its zone is set.",
    ),
    _words("approval", "approval", ApprovalMode, "When a person must agree before the start."),
    _yes_no("acceptWarnings", "accept_warnings", "Consent to warnings of the check."),
    _yes_no(
        "createResourceGroup",
        "create_resource_group",
        "Consent to a target resource group that does not exist yet.",
    ),
    _yes_no(
        "registerProviders",
        "register_providers",
        "Consent to registering resource providers of the subscription.",
    ),
    InputField(
        member="unregisterMachines",
        column="unregister_machines",
        read=_read_machines,
        schema={
            "type": "array",
            "items": {"type": "string", "maxLength": LONGEST_MACHINE_NAME, "pattern": r"\S"},
            "maxItems": MAX_MACHINES,
            "description": "Machines that are gone for good: unregistered before the start, their"
            " backups given up, once another person has approved the plan.",
        },
    ),
    InputField(
        member="approvalHours",
        column="approval_hours",
        read=_number_reader(1, MAX_APPROVAL_HOURS),
        schema={
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_APPROVAL_HOURS,
            "description": "How long the plan waits for an answer, hours.",
        },
    ),
    InputField(
        member="logWorkspaceId",
        column="log_workspace_id",
        read=read_guid,
        schema={**_GUID_SCHEMA, "description": "Log Analytics workspace of the vault."},
    ),
    InputField(
        member="protectedItems",
        column="protected_items",
        read=_number_reader(0, MAX_PROTECTED_ITEMS),
        schema={
            "type": "integer",
            "minimum": 0,
            "maximum": MAX_PROTECTED_ITEMS,
            "description": "How many items the vault protects; campaigns start the largest first.",
        },
    ),
    # Site Recovery vaults stand in the same classic list, but vaultlift does not upgrade them.
    _words("vaultType", "vault_type", [VaultType.BACKUP], "Type of the classic vault."),
)
"""Every field a caller may give for one vault."""
