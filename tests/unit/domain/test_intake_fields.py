"""What each field of a request may hold."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.intake_fields import FIELDS, read_guid, read_resource_group

GUID = "5d6e7f80-1234-4abc-9def-0123456789ab"
FORBIDDEN = set("~!@#$%^&*+=<>,?/\\:;'\"[]{}|")
# Code points, first and last: what a page or a word processor leaves in a name, unseen.
HIDDEN_RANGES = [
    (0x00, 0x1F),
    (0x7F, 0x9F),
    (0xAD, 0xAD),
    (0x61C, 0x61C),
    (0x180E, 0x180E),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0xFEFF, 0xFEFF),
    (0xFFF9, 0xFFFB),
]
HIDDEN = {chr(point) for first, last in HIDDEN_RANGES for point in range(first, last + 1)}
READ = {one.member: one.read for one in FIELDS}


@pytest.mark.parametrize("text", [GUID, GUID.upper(), f"{{{GUID}}}", f" {GUID} "])
def test_a_guid_is_normalised(text: str) -> None:
    """Case, braces and blanks around it do not matter."""
    assert GUID == read_guid(text)


@pytest.mark.parametrize(
    "text", [f"{{{GUID}", f"{GUID}}}", GUID.replace("-", ""), GUID[:-1], f"{GUID}0", "guid"]
)
def test_anything_else_is_not_a_guid(text: str) -> None:
    """Half a pair of braces, missing dashes or digits are refused."""
    with pytest.raises(ValueError, match="is not a GUID"):
        read_guid(text)


@given(st.text(max_size=95))
def test_a_group_name_is_accepted_exactly_when_the_documented_rule_says_so(text: str) -> None:
    """At most 90 characters that can be seen, none of the listed marks, no period at the end."""
    is_allowed = (
        0 < len(text) <= 90
        and HIDDEN.isdisjoint(text)
        and not any(mark.isspace() or mark in FORBIDDEN for mark in text)
        and not text.endswith(".")
    )
    try:
        accepted = read_resource_group(text) == text
    except ValueError:
        accepted = False

    assert is_allowed == accepted


@pytest.mark.parametrize("mark", sorted(FORBIDDEN | set(string.whitespace)))
def test_every_forbidden_mark_is_named(mark: str) -> None:
    """The refusal shows which characters are wrong."""
    shown = "blank" if mark.isspace() else mark
    with pytest.raises(ValueError, match="must not contain") as caught:
        read_resource_group(f"rg{mark}one")

    assert str(caught.value).endswith(f"must not contain: {shown}")


@pytest.mark.parametrize("mark", ["\u200b", "\ufeff", "\u00ad", "\x07", "\u202e"])
def test_a_mark_in_a_group_name_that_nobody_sees_is_refused(mark: str) -> None:
    """Pasted along unseen, it would name another group, which the service would make."""
    with pytest.raises(ValueError, match=f"cannot be seen: U\\+{ord(mark):04X}$"):
        read_resource_group(f"rg{mark}")


@pytest.mark.parametrize("name", ["rg", "RG_1-(prod).eu", "a" * 90, "Gruppe-Süd"])
def test_usual_group_names_are_accepted_unchanged(name: str) -> None:
    """Letters, digits, period, underscore, hyphen and parentheses are fine."""
    assert name == read_resource_group(name)


@pytest.mark.parametrize("name", ["ab", "vault-1", "V" * 50])
def test_vault_names_of_the_new_service_are_accepted(name: str) -> None:
    """Two to fifty letters, digits and hyphens, a letter first."""
    assert name == READ["vaultName"](name)


@pytest.mark.parametrize("name", ["a", "1vault", "vault_1", "v" * 51, "-vault", "a/b"])
def test_other_vault_names_are_refused(name: str) -> None:
    """The upgraded vault keeps the name, so a name it could not have is refused."""
    with pytest.raises(ValueError, match="is not a vault name"):
        READ["vaultName"](name)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (False, False), ("yes", True), ("NO", False), ("True", True), (" false", False)],
)
def test_consent_is_a_yes_or_a_no(value: object, expected: bool) -> None:
    """JSON booleans and four words in any case are understood."""
    assert expected is READ["acceptWarnings"](value)


def test_a_word_that_is_no_choice_is_refused_with_the_choices() -> None:
    """The refusal lists what would be right."""
    with pytest.raises(ValueError, match="must be one of: required, on-warnings, automatic"):
        READ["approval"]("sometimes")


def test_a_site_recovery_vault_is_refused() -> None:
    """Only Backup vaults are upgraded here."""
    with pytest.raises(ValueError, match="must be one of: BackupVault"):
        READ["vaultType"]("HyperVRecoveryManagerVault")


def test_a_region_is_freed_of_double_blanks() -> None:
    """Blanks inside a display name count once."""
    assert "West US" == READ["region"](" West  US ")


@pytest.mark.parametrize("value", [7, 1.5, True, [], {}])
@pytest.mark.parametrize("member", ["subscriptionId", "timeZone", "targetResourceGroup"])
def test_text_must_be_text(member: str, value: object) -> None:
    """A JSON value of another type is refused, not turned into text."""
    with pytest.raises(ValueError, match="must be text"):
        READ[member](value)


def test_half_a_character_is_refused() -> None:
    """A lone surrogate, which JSON can spell, cannot be sent or kept."""
    with pytest.raises(ValueError, match="half a character"):
        read_resource_group("rg-\ud800")


@pytest.mark.parametrize(
    "said",
    [
        "a.contoso.example;b.contoso.example",
        "a.contoso.example; b.contoso.example",
        ["a.contoso.example", "b.contoso.example", "B.contoso.example"],
    ],
)
def test_machines_are_named_in_a_cell_or_a_list(said: object) -> None:
    """Each once, however it is spelt."""
    names = [name.casefold() for name in READ["unregisterMachines"](said)]

    assert ["a.contoso.example", "b.contoso.example"] == names


@pytest.mark.parametrize("said", ["", ";", [""], [3], {"a": 1}, ["x" * 256], ["x"] * 51])
def test_what_names_no_machine_is_refused(said: object) -> None:
    """With a sentence that says why."""
    with pytest.raises(ValueError, match=r"\w"):
        READ["unregisterMachines"](said)
