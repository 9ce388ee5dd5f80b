"""Each import contract of pyproject.toml is broken once, and bites."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.tools.trees import ROOT, write_tree

SKELETON = {
    "activities/__init__.py": "from adapters.ports import Ports\nfrom domain import vaults\n",
    "activities/registry.py": "from orchestrators import names\n",
    "activities/starting.py": "from adapters import ports\nimport reports\nimport azure.functions\n",
    "adapters/__init__.py": "",
    "adapters/ports.py": "import domain.vaults\n",
    "adapters/arm.py": "import azure.identity, asyncio, os\nfrom domain import vaults\n",
    "cli/__init__.py": "import adapters.arm, domain, reports\n",
    "domain/__init__.py": "",
    "domain/vaults.py": "import hashlib, datetime, pydantic\n",
    "local/__init__.py": "import activities, adapters.arm, cli, orchestrators, reports, triggers\n",
    "orchestrators/__init__.py": "from orchestrators import names\n",
    "orchestrators/names.py": "",
    "orchestrators/upgrade_vault.py": (
        "import domain.vaults\nimport durabletask.task\nimport azure.durable_functions\n"
    ),
    "reports/__init__.py": "import domain.vaults\n",
    "triggers/__init__.py": "from adapters.ports import Ports\nfrom orchestrators import names\n",
    "triggers/http_api.py": "import azure.functions\nfrom orchestrators.names import X\n",
}
"""Everything that is allowed."""

BREACHES = [
    ("domain", "domain/vaults.py", "import adapters.ports"),
    ("domain", "domain/vaults.py", "import orchestrators.names"),
    ("domain", "domain/vaults.py", "import azure.core"),
    ("domain", "domain/vaults.py", "def f():\n    import aiohttp"),
    ("orchestrators", "orchestrators/upgrade_vault.py", "import adapters.ports"),
    ("orchestrators", "orchestrators/upgrade_vault.py", "import activities.starting"),
    ("orchestrators", "orchestrators/upgrade_vault.py", "import triggers"),
    ("replay", "orchestrators/upgrade_vault.py", "import random"),
    ("replay", "orchestrators/upgrade_vault.py", "from os import environ"),
    ("replay", "orchestrators/upgrade_vault.py", "import time"),
    ("replay", "domain/vaults.py", "import uuid"),
    ("replay", "domain/vaults.py", "def f():\n    from os import environ"),
    ("adapters", "adapters/arm.py", "import activities"),
    ("adapters", "adapters/arm.py", "import orchestrators.names"),
    ("activities", "activities/starting.py", "import adapters.arm"),
    ("activities", "activities/starting.py", "import orchestrators.upgrade_vault"),
    ("activities", "activities/starting.py", "import triggers"),
    ("triggers", "triggers/http_api.py", "import adapters.arm"),
    ("triggers", "triggers/http_api.py", "import orchestrators.upgrade_vault"),
    ("triggers", "triggers/http_api.py", "import activities"),
    ("reports", "reports/__init__.py", "import adapters.ports"),
    ("cli", "cli/__init__.py", "import triggers"),
    ("local", "adapters/arm.py", "import local"),
    ("local", "cli/__init__.py", "import local"),
    ("local", "domain/vaults.py", "import local"),
]


def lint(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs import-linter over a tree with this repository's contracts."""
    write_tree(root, {"pyproject.toml": (ROOT / "pyproject.toml").read_text(encoding="utf-8")})
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_allowed_keeps_every_contract(tmp_path: Path) -> None:
    """The directions that the design allows break nothing."""
    done = lint(write_tree(tmp_path, SKELETON))

    assert (0, True) == (done.returncode, "0 broken" in done.stdout), done.stdout + done.stderr


@pytest.mark.parametrize(("contract", "path", "statement"), BREACHES)
def test_a_contract_bites(tmp_path: Path, contract: str, path: str, statement: str) -> None:
    """One import against the direction breaks the contract that is meant for it."""
    write_tree(tmp_path, {**SKELETON, path: SKELETON[path] + statement + "\n"})

    done = lint(tmp_path, "--contract", contract)

    assert (1, True) == (done.returncode, "1 broken" in done.stdout), done.stdout + done.stderr
