"""Apps that cannot be run: each is told why, and what to do."""

from pathlib import Path

import pytest

from tests.integration.host.running import HostFailedError, RunningHost

NO_FUNCTION = "import azure.functions as func\n\napp = func.FunctionApp()\n"
QUEUE = """
import azure.functions as func

app = func.FunctionApp()

@app.service_bus_queue_trigger(arg_name="message", queue_name="vaults", connection="BUS")
def take(message: func.ServiceBusMessage) -> None:
    pass
"""


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import sys\n\nsys.exit(0)\n", r"ends the process while it is imported: SystemExit\(0\)"),
        ("import not_installed\n", r"'not_installed'.*pip install --target .*site-packages -r"),
        ("from local.helpers import help_out\n", r"cannot be named 'local' here"),
        (NO_FUNCTION, r"function_app\.py registers none"),
        (QUEUE, r"vaults: its connection is no Service Bus connection string"),
    ],
    ids=["exits", "lacks a package", "has our name", "has no function", "has a bad connection"],
)
def test_an_app_that_cannot_be_run_is_told_why(tmp_path: Path, code: str, reason: str):
    """One message and exit code 1, also where the app itself would have ended with 0."""
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    (tmp_path / "function_app.py").write_text(code)

    with pytest.raises(HostFailedError, match=reason):
        RunningHost(tmp_path, tmp_path, "--engine", "memory", settings={"BUS": "somewhere"})


def test_functions_described_in_files_are_told_where_to_go(tmp_path: Path):
    """The first programming model has a folder with a function.json for each function."""
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    (tmp_path / "Hello").mkdir()
    (tmp_path / "Hello" / "function.json").write_text("{}")

    with pytest.raises(HostFailedError, match=r"as Hello/function\.json, do not run here"):
        RunningHost(tmp_path, tmp_path, "--engine", "memory")
