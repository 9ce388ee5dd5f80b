"""Holds the hashed locks to ``pyproject.toml``, without asking any index (``make check``).

Every direct dependency is locked at a version its specifier allows, every locked package carries
hashes, and no lock says where packages come from: that is the business of whoever installs.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
# Exact versions only: a range would install something else on the next day.
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;\\]+)")


@dataclass(frozen=True)
class Lock:
    """What a lock file says."""

    versions: Mapping[str, str]
    """Locked version of each package, by canonical name."""
    unhashed: tuple[str, ...]
    """Packages without a hash."""
    sources: tuple[str, ...]
    """Lines that name an index or an address."""


def read_lock(text: str) -> Lock:
    """Reads a requirements file in the form ``uv pip compile --generate-hashes`` writes."""
    versions: dict[str, str] = {}
    hashed: set[str] = set()
    sources = []
    name = ""
    for line in text.splitlines():
        # Canonical names: an index may spell a package otherwise than pyproject does.
        if pin := _PIN.match(line):
            name = canonicalize_name(pin["name"])
            versions[name] = pin["version"]
        # Hashes stand on the lines below their package.
        if "--hash=" in line:
            hashed.add(name)
        # An index in a lock would override what the installer's own configuration says.
        if "://" in line or re.match(r"\s*(-i|-f|--index|--extra-index|--find-links)", line):
            sources.append(line.strip())
    return Lock(versions, tuple(sorted(set(versions) - hashed)), tuple(sources))


def find_problems(lock: Lock, wanted: Sequence[str]) -> Iterator[str]:
    """What is wrong with a lock that is to satisfy the requirements ``wanted``."""
    for text in wanted:
        requirement = Requirement(text)
        version = lock.versions.get(canonicalize_name(requirement.name))
        if version is None:
            yield f"{requirement.name} is not locked; run make lock"
        # Pre-releases count: the Functions library is pinned to one (durable-2x 1).
        elif not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement.name} is locked at {version}, not {requirement.specifier}"
    yield from (f"{name} has no hash" for name in lock.unhashed)
    yield from (f"names where packages come from: {line}" for line in lock.sources)


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks the locks of a repository; exit code 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=ROOT)
    root = parser.parse_args(arguments).root
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = project["project"]["dependencies"]
    development = [
        *runtime,
        *project["dependency-groups"]["dev"],
        # Or an installation without network access to build tools would fail half-way.
        *project["build-system"]["requires"],
    ]
    locks = {
        "requirements.txt": runtime,
        "requirements-dev.txt": development,
        "requirements-bench.txt": [*development, *project["dependency-groups"]["bench"]],
    }
    # All three are read before the exit code is decided: one run shows everything that is stale.
    problems = 0
    for name, wanted in locks.items():
        for problem in find_problems(read_lock((root / name).read_text(encoding="utf-8")), wanted):
            print(f"{name}: {problem}")
            problems += 1
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
