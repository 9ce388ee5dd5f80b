"""Runs the scripts ``benchmarks/bench_*.py``, each writing one JSON file (``make bench``).

A script is called with ``--out FILE``. Its name without ``bench_`` is the benchmark's name.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def find_scripts(folder: Path, names: Sequence[str]) -> list[Path]:
    """The benchmark scripts of a folder, all or those named.

    Raises:
        SystemExit: A name has no script, or there is none at all.
    """
    scripts = {path.stem.removeprefix("bench_"): path for path in folder.glob("bench_*.py")}
    if not scripts:
        raise SystemExit(f"no benchmark in {folder}; nothing was measured")
    unknown = sorted(set(names) - set(scripts))
    if unknown:
        raise SystemExit(f"no such benchmark: {', '.join(unknown)}; there are {sorted(scripts)}")
    return [scripts[name] for name in sorted(names or scripts)]


def run_script(script: Path, result: Path) -> str | None:
    """Runs one benchmark; None if it left a JSON document in ``result``, else what went wrong."""
    # Removed first, so that an old figure never passes for a new one.
    result.unlink(missing_ok=True)
    command = (sys.executable, str(script), "--out", str(result))
    # A process each: a benchmark must not inherit the memory and imports of the one before.
    status = subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603
    if status != 0:
        return f"exit {status}"
    try:
        # A benchmark that crashed half-way may leave half a file, which would read as a result.
        json.loads(result.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return f"left no JSON in {result}: {error}"
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs all benchmarks, or those named; exit code 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "bench")
    parser.add_argument("--scripts", type=Path, default=ROOT / "benchmarks")
    parser.add_argument("names", nargs="*", help="run these benchmarks only")
    options = parser.parse_args(arguments)
    out = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)

    failed = 0
    for script in find_scripts(options.scripts, options.names):
        print(f"== {script.stem}", flush=True)
        problem = run_script(script, out / f"{script.stem}.json")
        if problem:
            print(f"   FAILED: {problem}", flush=True)
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
