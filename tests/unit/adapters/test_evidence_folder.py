"""Documents are kept once, whole, whoever is killed when.

What every store promises is in tests/contract/adapters/test_evidence_stores.py.
"""

import asyncio
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.evidence_documents import canonical
from adapters.evidence_folder import EvidenceFolder
from domain.errors import EvidenceError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def store(tmp_path: Path) -> EvidenceFolder:
    """A store in a folder that is not there yet."""
    return EvidenceFolder(tmp_path / "new" / "evidence")


async def test_unfinished_files_are_no_documents(store: EvidenceFolder, tmp_path: Path) -> None:
    """What a killed writer left behind is neither listed nor in the way."""
    await store.create("v/1.json", {})
    leftover = tmp_path / "new" / "evidence" / "v" / ".unfinished-abc"
    leftover.write_bytes(b'{"half":')
    (leftover.parent / ".hidden.json").write_text("{}")

    assert ("v/1.json",) == await store.list_keys("")


async def test_documents_are_written_canonically(store: EvidenceFolder, tmp_path: Path) -> None:
    """Members are sorted and indented, text is UTF-8, the last line ends."""
    await store.create("k.json", {"b": "ü", "a": 1})

    content = (tmp_path / "new" / "evidence" / "k.json").read_bytes()

    assert '{\n  "a": 1,\n  "b": "ü"\n}\n'.encode() == content


@pytest.mark.parametrize("document", [{"a": float("nan")}, {"a": {1, 2}}, {"a": b"x"}])
def test_what_is_no_json_is_refused(document: dict[str, Any]) -> None:
    """Nothing is kept that another program could not read."""
    with pytest.raises(EvidenceError, match="not plain JSON"):
        canonical(document)


async def test_a_damaged_file_is_an_error(store: EvidenceFolder, tmp_path: Path) -> None:
    """A document somebody cut short does not read as missing."""
    await store.create("k.json", {"a": 1})
    (tmp_path / "new" / "evidence" / "k.json").write_text('{"a":')

    with pytest.raises(EvidenceError, match="damaged"):
        await store.read("k.json")


@pytest.mark.parametrize("key", ["../k.json", "/etc/k.json", "k.txt"])
def test_bad_keys_touch_nothing(store: EvidenceFolder, tmp_path: Path, key: str) -> None:
    """A key that could lead elsewhere is refused before the disk is touched."""
    for call in (store.create(key, {}), store.read(key)):
        with pytest.raises(EvidenceError):
            asyncio.run(call)

    assert [] == list(tmp_path.iterdir())


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Where the disk refuses, the error says which key and why."""
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(EvidenceError, match=r"k\.json.*file"):
        await EvidenceFolder(tmp_path / "file").create("k.json", {})


def _write(root: str, number: int) -> tuple[bool, int]:
    entry = asyncio.run(EvidenceFolder(Path(root)).create("k.json", {"n": number}))
    return entry.is_new, entry.document["n"]


def test_of_many_processes_one_wins(tmp_path: Path) -> None:
    """Processes that write the same key at once agree on one document."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        results = pool.starmap(_write, [(str(tmp_path), number) for number in range(8)])

    assert 1 == sum(is_new for is_new, _ in results)
    assert 1 == len({number for _, number in results})


_KILLED_AT = """
import asyncio, os, signal, sys
from pathlib import Path
from adapters.evidence_folder import EvidenceFolder

stop_at, root = int(sys.argv[1]), Path(sys.argv[2])
seen = 0

def trace(frame, event, arg):
    global seen
    if frame.f_code.co_filename.endswith("evidence_folder.py") and event == "line":
        seen += 1
        if seen == stop_at:
            os.kill(os.getpid(), signal.SIGKILL)
    return trace

import threading
threading.settrace(trace)
sys.settrace(trace)
asyncio.run(EvidenceFolder(root).create("v/k.json", {"by": "the killed one"}))
print(seen)
"""


def _run_until_killed(stop_at: int, root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _KILLED_AT, str(stop_at), str(root)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


async def _outcome(root: Path) -> str:
    """What a writer that comes after the killed one finds."""
    store = EvidenceFolder(root)
    entry = await store.create("v/k.json", {"by": "the next one"})
    assert entry.document == await store.read("v/k.json")
    assert ("v/k.json",) == await store.list_keys("")
    return str(entry.document["by"])


def test_a_writer_killed_at_any_line_leaves_all_or_nothing(tmp_path: Path) -> None:
    """Whenever the writer dies, the key holds its whole document or is free for the next."""
    lines = int(_run_until_killed(0, tmp_path / "whole").stdout)
    # A sample of the lines, the first and last among them, keeps the test short.
    outcomes = []
    for stop_at in sorted({1, *range(2, lines, max(1, lines // 6)), lines}):
        root = tmp_path / str(stop_at)
        assert -signal.SIGKILL == _run_until_killed(stop_at, root).returncode
        outcomes.append(asyncio.run(_outcome(root)))

    assert {"the killed one", "the next one"} == set(outcomes)
    assert sorted(outcomes, reverse=True) == outcomes, "once there, a document stays"


async def test_files_hold_plain_json(store: EvidenceFolder, tmp_path: Path) -> None:
    """Any other program can read the evidence."""
    await store.create("k.json", {"a": [1]})

    assert {"a": [1]} == json.loads((tmp_path / "new" / "evidence" / "k.json").read_bytes())
