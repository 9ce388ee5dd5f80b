"""The estate map is read at start, or the start fails with every problem."""

import json
from pathlib import Path

import pytest
import yaml

from adapters.estate_map_file import load_estate_map
from domain.errors import ConfigurationError
from domain.estate_map import EstateMap

GOOD = "schema: vaultlift/estate-map/1\nzones: [{name: '*', timeZone: UTC}]\n"


def test_no_file_is_an_empty_map() -> None:
    """Nobody has to have one."""
    assert EstateMap() == load_estate_map(None)


@pytest.mark.parametrize("text", [GOOD, json.dumps(yaml.safe_load(GOOD))], ids=["yaml", "json"])
def test_yaml_and_json_are_read(tmp_path: Path, text: str) -> None:
    """JSON is YAML, so one reader does for both."""
    path = tmp_path / "map.yaml"
    path.write_text(text)

    assert ["UTC"] == [rule.time_zone for rule in load_estate_map(str(path)).zones]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("schema: vaultlift/estate-map/1\nzones: [{name: '*', timeZone: Mars}]", "Mars"),
        ("{nonsense", "map.yaml"),
        ("schema: other", "schema"),
    ],
)
def test_a_map_that_cannot_be_used_is_told(tmp_path: Path, text: str, word: str) -> None:
    """The file is named, and what is wrong in it."""
    path = tmp_path / "map.yaml"
    path.write_text(text)

    with pytest.raises(ConfigurationError) as caught:
        load_estate_map(str(path))

    assert word in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A setting that points nowhere is a mistake, not an empty map."""
    with pytest.raises(ConfigurationError):
        load_estate_map(str(tmp_path / "nowhere.yaml"))
