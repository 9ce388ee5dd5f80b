"""App settings: local.settings.json and look-ups."""

import json
from pathlib import Path

import pytest

from local.host.app_settings import AppSettings, load_local_settings
from local.host.functions import AppLoadError


def write(folder: Path, document: object) -> Path:
    """A local.settings.json."""
    (folder / "local.settings.json").write_text(json.dumps(document))
    return folder


def test_values_fill_up_the_environment(tmp_path: Path):
    """What the environment lacks is added; what it has is kept."""
    environment = {"A": "shell"}

    added = load_local_settings(
        write(tmp_path, {"Values": {"A": "file", "B": "file"}}), environment
    )

    assert (added, environment) == (["B"], {"A": "shell", "B": "file"})


def test_comments_are_read_over(tmp_path: Path):
    """As the real tools do."""
    text = '{"Values": {"A": "http://a",} // mine\n}'
    (tmp_path / "local.settings.json").write_text(text)
    environment: dict[str, str] = {}
    load_local_settings(tmp_path, environment)

    assert environment == {"A": "http://a"}


def test_no_file_is_fine(tmp_path: Path):
    """Deployed apps have none."""
    assert load_local_settings(tmp_path, {}) == []


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "must be an object"),
        ({"Values": []}, "must be an object"),
        ({"Values": {"A": 1}}, "value of A must be a string"),
        ({"IsEncrypted": True, "Values": {}}, "is encrypted"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, document: object, reason: str):
    """The error says what is wrong with it."""
    with pytest.raises(AppLoadError, match=reason):
        load_local_settings(write(tmp_path, document), {})


def test_a_file_that_is_not_json_is_told(tmp_path: Path):
    """A typing error is told with its place."""
    (tmp_path / "local.settings.json").write_text("{")

    with pytest.raises(AppLoadError, match="is not JSON"):
        load_local_settings(tmp_path, {})


def test_percent_names_are_replaced():
    """Every ``%NAME%`` becomes that setting."""
    settings = AppSettings({"QUEUE": "q", "HOUR": "3"})

    assert settings.resolve("%QUEUE%-%HOUR%", what="test") == "q-3"


def test_a_missing_name_is_told():
    """The error names the setting and what needs it."""
    with pytest.raises(AppLoadError, match="schedule of x: '%NO%' does not resolve"):
        AppSettings({}).resolve("%NO%", what="schedule of x")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("AzureWebJobs.f.Disabled", "1", True),
        ("AzureWebJobs.f.Disabled", "True", True),
        ("AzureWebJobs__f__Disabled", "true", True),
        ("AzureWebJobs.f.Disabled", "0", False),
        ("AzureWebJobs.g.Disabled", "1", False),
    ],
)
def test_functions_are_switched_off_by_name(name: str, value: str, expected: bool):
    """Both spellings, and only for the function named."""
    assert AppSettings({name: value}).is_disabled("f") is expected


def test_settings_are_found_by_prefix():
    """The prefix is removed and compared without case."""
    settings = AppSettings({"AZUREFUNCTIONSJOBHOST__a": "1", "other": "2"})

    assert settings.with_prefix("AzureFunctionsJobHost__") == {"a": "1"}
