"""The page of settings says of each what it is, its default and its limits."""

import pytest
from pydantic import BaseModel, ConfigDict, Field

from adapters.settings import Settings
from domain.errors import ConfigurationError
from tools.settings_reference import settings_page


class _Odd(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    told: int = Field(5, alias="TOLD", ge=1, le=9)
    """What it means,
    over two lines."""
    untold: str = Field("", alias="UNTOLD")


def _row(name: str) -> str:
    (row,) = (one for one in settings_page().splitlines() if one.startswith(f"| `{name}` |"))
    return row


def test_every_setting_has_a_row() -> None:
    """In the order of the class that reads them."""
    rows = [one.split("`")[1] for one in settings_page().splitlines() if one.startswith("| `")]

    assert [field.alias for field in Settings.model_fields.values()] == rows


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("VAULTLIFT_EVIDENCE", "| **required** |"),
        ("VAULTLIFT_QUEUE", "| `vault-upgrades` |"),
        ("VAULTLIFT_CLOUD", "One of `AzureCloud`, `AzureUSGovernment`"),
        ("VAULTLIFT_ADMISSION_WINDOW", "From 1 to 500."),
        ("VAULTLIFT_CLOCK_RATE", "More than 0."),
        ("VAULTLIFT_CLOCK_RATE", "| `1` |"),
        ("VAULTLIFT_SUBSCRIPTIONS", "|  |"),
    ],
)
def test_a_row_has_default_choices_and_limits(name: str, part: str) -> None:
    """As the type says them."""
    assert part in _row(name)


def test_a_docstring_of_several_lines_is_one_row() -> None:
    """A table knows no line breaks."""
    page = settings_page({"told": _Odd.model_fields["told"]})

    assert "| `TOLD` | `5` | What it means, over two lines. From 1 to 9. |" in page


def test_a_setting_that_says_nothing_about_itself_fails() -> None:
    """Whoever adds one learns that it has to be described."""
    with pytest.raises(ConfigurationError, match="UNTOLD has no description"):
        settings_page(_Odd.model_fields)
