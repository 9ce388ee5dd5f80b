"""Whose name a command gives where nobody was named."""

import pwd

import pytest

from cli.account import account_name
from cli.exit_codes import ExitCode
from cli.upgrade import validate
from domain.errors import ConfigurationError
from local.demo.plan import VAULTS


@pytest.fixture
def nameless(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account that is only a number, as in a container under an arbitrary user id."""

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("nameless")
def test_an_account_without_a_name_is_told_what_to_set() -> None:
    """Not a defect of ours: one sentence says how to name whoever asks."""
    with pytest.raises(ConfigurationError) as caught:
        account_name()

    assert "LOGNAME" in str(caught.value)


@pytest.mark.usefixtures("nameless")
def test_a_list_is_checked_under_any_account() -> None:
    """Nothing is sent, so nobody has to have a name."""
    assert ExitCode.CLEAN == validate(VAULTS, is_quiet=True)


def test_the_name_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the message advises works."""
    monkeypatch.setenv("LOGNAME", "ada")

    assert "ada" == account_name()
