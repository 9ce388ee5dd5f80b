"""Small source trees on disk for the programs in ``tools``."""

from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
"""The repository."""


def write_tree(root: Path, files: Mapping[str, str]) -> Path:
    """Writes each text to its path below ``root``; gives ``root``."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def function_of(lines: int, *, name: str = "work") -> str:
    """A documented function of exactly ``lines`` lines."""
    return f'def {name}() -> None:\n    """Works."""\n' + "    pass\n" * (lines - 2)


def module_of(lines: int) -> str:
    """A documented module of exactly ``lines`` lines."""
    return '"""A module."""\n' + "x = 1\n" * (lines - 1)
