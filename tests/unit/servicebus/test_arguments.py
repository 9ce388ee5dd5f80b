"""The broker's command line."""

import pytest

from local.servicebus.__main__ import main


@pytest.mark.parametrize("option", ["--port", "--admin-port"])
def test_a_port_that_is_none_is_told(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything starts, and not as a traceback."""
    with pytest.raises(SystemExit):
        main([option, "70000"])

    assert "'70000' is not a port from 0 to 65535" in capsys.readouterr().err
