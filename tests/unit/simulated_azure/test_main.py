"""The command line."""

from pathlib import Path

import pytest

from local.azure.__main__ import build_clock, main, parse_arguments
from local.azure.clocks import MovableClock


def test_the_defaults_make_up_a_small_estate():
    """On a free port, by the wall clock."""
    options = parse_arguments([])

    assert (options.port, options.estate, options.vaults, options.seed) == (0, None, 24, 0)
    assert (options.clock_rate, options.clock_origin) == (1.0, None)


def test_an_estate_file_and_a_made_up_estate_exclude_each_other():
    """Which one is meant?"""
    with pytest.raises(SystemExit) as caught:
        parse_arguments(["--estate", "a.yaml", "--vaults", "3"])

    assert caught.value.code == 2


def test_only_a_clock_at_the_walls_pace_can_be_moved():
    """A faster one is shared with other processes."""
    options = parse_arguments(["--clock-rate", "600", "--clock-origin", "1000"])

    assert isinstance(build_clock(parse_arguments([])), MovableClock)
    assert not isinstance(build_clock(options), MovableClock)


def test_a_broken_estate_is_told_line_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """On stderr, with exit code 1 and nothing on stdout."""
    path = tmp_path / "estate.yaml"
    path.write_text("schema: vaultlift/estate/1\nextra: 1\n", encoding="utf-8")

    code = main(["--estate", str(path)])
    output = capsys.readouterr()

    assert (code, output.out) == (1, "")
    assert f"{path}: subscriptions: Field required" in output.err
    assert f"{path}: extra: Extra inputs are not permitted" in output.err


@pytest.mark.parametrize("arguments", [["--vaults", "0"], ["--clock-rate", "0"]])
def test_a_number_that_makes_no_sense_is_told(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
):
    """With exit code 1."""
    assert main(arguments) == 1
    assert capsys.readouterr().err


def test_a_port_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything starts, and not as a traceback."""
    with pytest.raises(SystemExit):
        main(["--port", "65536"])

    assert "'65536' is not a port from 0 to 65535" in capsys.readouterr().err
