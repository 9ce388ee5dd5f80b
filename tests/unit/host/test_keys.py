"""Access keys."""

from pathlib import Path

import pytest

from local.host.functions import AppLoadError
from local.host.keys import Keys, Level


@pytest.fixture
def keys() -> Keys:
    """Known keys."""
    return Keys(master="M", function="F", system="S", of_functions={"special": "X"})


@pytest.mark.parametrize(
    ("level", "opening"),
    [
        (Level.ANONYMOUS, {None, "", "wrong", "F", "M", "S", "X"}),
        (Level.FUNCTION, {"F", "M"}),
        (Level.ADMIN, {"M"}),
        (Level.SYSTEM, {"S", "M"}),
    ],
)
def test_each_level_has_its_keys(keys: Keys, level: Level, opening: set[str | None]):
    """Which of all presented keys open a level."""
    presented = {None, "", "wrong", "F", "M", "S", "X"}

    assert {key for key in presented if keys.opens(level, key, "any")} == opening


def test_a_function_may_have_a_key_of_its_own(keys: Keys):
    """It opens that function and no other."""
    assert keys.opens(Level.FUNCTION, "X", "special")
    assert not keys.opens(Level.FUNCTION, "X", "other")


def test_an_empty_key_opens_nothing():
    """A key somebody blanked out in the file must not let everyone in who shows none."""
    keys = Keys(master="M", function="F", system="S", of_functions={"special": ""})

    assert not keys.opens(Level.FUNCTION, None, "special")


def test_keys_are_made_once(tmp_path: Path):
    """The first start makes keys, later ones find them."""
    path = tmp_path / "new" / "keys.json"

    first, second = Keys.load(path), Keys.load(path)

    assert (first.master, first.system) == (second.master, second.system)
    assert len({first.master, first.function, first.system}) == 3


@pytest.mark.parametrize("text", ["{", "[]", '{"master": "x"}'])
def test_a_file_that_holds_no_keys_is_refused(tmp_path: Path, text: str):
    """It is not overwritten; the error says what to do."""
    path = tmp_path / "keys.json"
    path.write_text(text)

    with pytest.raises(AppLoadError, match="delete it to have new keys made"):
        Keys.load(path)
    assert path.read_text() == text
