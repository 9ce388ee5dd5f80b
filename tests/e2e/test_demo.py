"""The whole of vaultlift on this machine: every process, every protocol, every scenario."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.published import closed, evidence_problems, problems, published

ROOT = Path(__file__).parents[2]
DECLARED = ROOT / "local" / "demo" / "expected.csv"
EDITED = "vault-late-jobs"
"""The vault whose declared end is falsified: the demo has to find exactly this one."""


def run_demo(out, expected):
    """Runs the demo as ``make demo`` does."""
    return subprocess.run(
        [sys.executable, "-m", "local.demo", "--out", str(out), "--expected", str(expected)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One demo with one declared end falsified, and where it put everything."""
    folder = tmp_path_factory.mktemp("demo")
    expected = folder / "expected.csv"
    expected.write_text(DECLARED.read_text().replace(f"{EDITED},closed", f"{EDITED},blocked"))
    out = folder / "out"
    return run_demo(out, expected), out


# The fixture takes about a minute, and counts for whichever test asks for it first.
pytestmark = pytest.mark.timeout(420)


def test_falsified_end_is_found_and_no_other(demo):
    """The demo fails, and its last words name the falsified vault alone: all others are right."""
    done, _ = demo
    verdict = next(line for line in done.stdout.splitlines() if line.startswith("Not as declared"))

    assert 1 == done.returncode
    assert f"{EDITED} ended closed instead of blocked." == verdict.split(": ", 1)[1]


def test_report_holds_every_vault_of_the_list(demo):
    """report.json has one ended run for each vault that was handed in, and none without an end."""
    _, out = demo
    report = json.loads((out / "report.json").read_text("utf-8"))
    with DECLARED.open(newline="") as file:
        names = sorted(row["vault_name"] for row in csv.DictReader(file))

    assert names == [entry["report"]["outcome"]["vault"]["name"] for entry in report["vaults"]]
    assert [] == report["unfinished"]


def test_report_and_evidence_are_as_published(demo):
    """Every document of the demo validates, and has no member the schemas do not describe."""
    _, out = demo
    report = json.loads((out / "report.json").read_text("utf-8"))
    kept = [json.loads(one.read_text("utf-8")) for one in (out / "evidence").rglob("*.json")]
    wrong = [problem for one in kept if "schema" in one for problem in evidence_problems(one)]

    assert ([], []) == (problems(closed(published("report.schema.json")), report), wrong)


def test_durations_are_virtual(demo):
    """The vault whose jobs come late was proven after more than six hours of its own time."""
    _, out = demo
    report = json.loads((out / "report.json").read_text("utf-8"))
    (late,) = (e for e in report["vaults"] if e["report"]["outcome"]["vault"]["name"] == EDITED)

    assert late["run_duration_s"] > 6 * 3600


def test_support_bundle_is_where_the_report_says(demo):
    """The link to the failed vault's support bundle leads to a file."""
    _, out = demo
    report = json.loads((out / "report.json").read_text("utf-8"))
    (bundle,) = filter(None, (entry["report"]["support_bundle"] for entry in report["vaults"]))

    assert (out / "evidence" / bundle).is_file()
    assert f'href="evidence/{bundle}"' in (out / "report.html").read_text("utf-8")
