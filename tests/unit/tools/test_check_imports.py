"""Which Azure library may be named where, and what the app module may not import."""

from pathlib import Path

import pytest

from tests.unit.tools.trees import write_tree
from tools.check_imports import find_problems

ALLOWED = {
    "adapters/arm.py": "from azure.identity.aio import DefaultAzureCredential\n",
    "local/azure/app.py": "import azure.core\n",
    "orchestrators/a.py": "import azure.durable_functions as df\n",
    "activities/a.py": "from azure.durable_functions import Blueprint\n",
    "triggers/a.py": "from azure import functions\nfrom azure.functions import HttpRequest\n",
    "function_app.py": "import azure.functions\nimport triggers\n",
    "domain/a.py": "import azurelike, azure_helper\n",
}


def test_the_functions_library_is_allowed_where_functions_are_written(tmp_path: Path) -> None:
    """Adapters may name any Azure library; triggers, workflows and activities only the runtime."""
    assert [] == list(find_problems(write_tree(tmp_path, ALLOWED)))


@pytest.mark.parametrize(
    ("path", "statement", "expected"),
    [
        ("activities/a.py", "import azure.identity", "imports azure.identity"),
        ("activities/a.py", "from azure import identity", "imports azure.identity"),
        ("triggers/a.py", "from azure.servicebus.aio import X", "imports azure.servicebus.aio.X"),
        ("orchestrators/a.py", "import azure.core", "imports azure.core"),
        ("function_app.py", "import azure.identity", "imports azure.identity"),
        ("domain/a.py", "import azure.functions", "domain may import no Azure library"),
        ("reports/a.py", "import azure.functions", "reports may import no Azure library"),
        ("cli/a.py", "def f():\n    import msal", "cli/a.py:2: imports msal"),
        ("function_app.py", "from local import demo", "imports local.demo, which is not deployed"),
        ("function_app.py", "import tests.fakes", "imports tests.fakes, which is not deployed"),
    ],
)
def test_an_import_that_is_not_allowed_is_reported(
    tmp_path: Path, path: str, statement: str, expected: str
) -> None:
    """The report names file, line, import and rule."""
    problems = list(find_problems(write_tree(tmp_path, {path: statement + "\n"})))

    assert 1 == len(problems)
    assert expected in problems[0]
