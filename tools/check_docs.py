"""Holds the documents to what they describe (``make check``; ``--write`` renews generated blocks).

1. Every relative link leads to a file, and to a heading where it names one.
2. Every ``make`` target that is named exists.
3. Every setting that is named is read by the app, the command or the deployment.
4. A block between ``<!-- generated: NAME -->`` and ``<!-- end generated -->`` is what the command
   of that name prints today.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "vaultlift --help": (str(BIN / "vaultlift"), "--help"),
}
"""The command that prints the text of each generated block."""

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_TARGET = re.compile(r"`make (?P<name>[a-z]+)")
_RULE = re.compile(r"^(?P<name>[a-z]+):", re.MULTILINE)
_SETTING = re.compile(r"VAULTLIFT_[A-Z_]*[A-Z]|ServiceBusConnection(?:__\w+)?")
_HEADING = re.compile(r"^#+ +(?P<text>.+?) *$", re.MULTILINE)
# Only what stands between the two marks is ever written: prose around it is nobody's output.
_BLOCK = re.compile(
    r"(?P<head><!-- generated: (?P<name>[^>]+?) -->\n```text\n)(?P<body>.*?)"
    r"(?P<tail>```\n<!-- end generated -->)",
    re.DOTALL,
)


def documents(root: Path) -> list[Path]:
    """The Markdown files of a repository, those at the top and those below ``docs``."""
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def find_dead_links(document: Path) -> Iterator[str]:
    """The relative links of a document that lead nowhere."""
    for link in _LINK.finditer(document.read_text(encoding="utf-8")):
        target = link["target"]
        # Links to the web are not followed: a check must not fail because a site is down.
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, fragment = target.partition("#")
        path = document.parent / name if name else document
        if not path.exists():
            yield f"dead link: {target}"
        elif fragment and not _has_heading(path, fragment):
            yield f"no such heading: {target}"


def _has_heading(path: Path, fragment: str) -> bool:
    # Only Markdown has headings here; a fragment of anything else means something of its own.
    if path.suffix != ".md":
        return True
    return fragment in map(anchor, _HEADING.findall(path.read_text(encoding="utf-8")))


def find_unknown_targets(text: str, makefile: str) -> Iterator[str]:
    """The ``make`` targets that a text names and the Makefile does not have."""
    known = set(_RULE.findall(makefile))
    named = {match["name"] for match in _TARGET.finditer(text)}
    yield from (f"make has no target {name}" for name in sorted(named - known))


def find_unknown_settings(text: str, known: frozenset[str]) -> Iterator[str]:
    """The settings that a text names and nothing reads.

    That all that are read are described is held by the page that is made from them.
    """
    yield from (f"nothing reads {name}" for name in sorted(set(_SETTING.findall(text)) - known))


def known_settings(root: Path) -> frozenset[str]:
    """What the app, the command, the deployment and the tests read."""
    sources = [root / "adapters" / "settings.py", root / "cli" / "options.py"]
    sources += [one for one in (root / "infra").glob("*.*") if one.is_file()]
    sources += (root / "tests" / "integration").rglob("conftest.py")
    texts = [path.read_text(encoding="utf-8") for path in sources]
    return frozenset(name for text in texts for name in _SETTING.findall(text))


def renew_blocks(text: str, outputs: Mapping[str, str]) -> str:
    """The text with each generated block as ``outputs`` has it.

    Raises:
        KeyError: A block has a name that nothing generates.
    """
    return _BLOCK.sub(
        lambda block: f"{block['head']}{outputs[block['name']]}{block['tail']}",
        text,
    )


def run_command(command: Sequence[str]) -> str:
    """What a command prints, as on a plain terminal of 100 columns.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    # The width is part of the text, so it must not be that of whoever runs the check.
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    done = subprocess.run(  # noqa: S603 - the commands are the constants above
        command,
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    # rich pads lines to the width; editors take blanks at line ends away.
    lines = (line.rstrip() for line in done.stdout.strip().splitlines())
    return "\n".join(lines) + "\n"


def find_stale_blocks(document: Path, *, write: bool) -> Iterator[str]:
    """The generated blocks that are out of date; with ``write`` they are renewed instead."""
    text = document.read_text(encoding="utf-8")
    names = {block["name"] for block in _BLOCK.finditer(text)}
    try:
        renewed = renew_blocks(text, {name: run_command(COMMANDS[name]) for name in names})
    except (OSError, subprocess.CalledProcessError) as error:
        yield f"a generated block cannot be made: {error}"
        return
    if renewed == text:
        return
    if write:
        document.write_text(renewed, encoding="utf-8")
    else:
        yield "a generated block is out of date; run python -m tools.check_docs --write"


def find_problems(root: Path, *, write: bool) -> Iterator[str]:
    """Everything wrong with the documents of a repository, each with its file."""
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    settings = known_settings(root)
    for document in documents(root):
        text = document.read_text(encoding="utf-8")
        name = document.relative_to(root)
        yield from (f"{name}: {problem}" for problem in find_dead_links(document))
        yield from (f"{name}: {problem}" for problem in find_unknown_targets(text, makefile))
        yield from (f"{name}: {problem}" for problem in find_unknown_settings(text, settings))
        yield from (f"{name}: {problem}" for problem in find_stale_blocks(document, write=write))


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks the documents of this repository; exit code 1 if one is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="renew the generated blocks")
    problems = list(find_problems(ROOT, write=parser.parse_args(arguments).write))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
