"""Reads the Bicep of ``infra/`` as far as its structure goes.

The parser is not the compiler: it knows the language, not what Azure's resources look like.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

from pycep import BicepParser

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
MAIN = INFRA / "main.bicep"
_REQUIRED = "default"


def files() -> list[Path]:
    """Every Bicep file."""
    return sorted(INFRA.rglob("*.bicep"))


@cache
def parse(path: Path) -> dict[str, Any]:
    """The file as the parser gives it."""
    tree: dict[str, Any] = _parser().parse(file_path=path)
    return tree


@cache
def _parser() -> BicepParser:
    # Without its cache: that is a file in /tmp, which anybody could have put there before.
    return BicepParser(cache=False)


def modules() -> dict[str, dict[str, Any]]:
    """The modules that main.bicep uses, by symbolic name: their file and the parameters given."""
    return {
        name: {"path": INFRA / module["detail"]["path"], "params": _config(module)["params"]}
        for name, module in parse(MAIN)["modules"].items()
    }


def resources(kind: str) -> list[dict[str, Any]]:
    """The configurations of all resources of a type, in all files."""
    found = [
        resource
        for path in files()
        for resource in parse(path).get("resources", {}).values()
        if resource["type"] == kind
    ]
    return [_config(resource) for resource in found]


def _config(declared: dict[str, Any]) -> dict[str, Any]:
    """What is between the braces, whether or not it is in a loop or under a condition."""
    config: dict[str, Any] = declared["config"]
    while "config" in config and {"loop_type", "condition"} & set(config):
        config = config["config"]
    return config


def text() -> str:
    """All Bicep there is, without its comments."""
    lines = "\n".join(path.read_text() for path in files()).splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("//"))


def required_params(path: Path) -> set[str]:
    """Parameters of a file without a default value."""
    # By its text: to the parser a default of '' and none at all are the same.
    return set(re.findall(r"^param (\w+) \w+$", path.read_text(), re.MULTILINE))


def app_settings(backend: str) -> dict[str, str]:
    """The app settings that are deployed, as they are written, with one of the two backends."""
    source = MAIN.read_text()
    block = source[source.index("appSettings: union(") :]
    common, rest = block.split("durableBackend == 'storage' ? {", 1)
    storage, scheduler = rest.split("} : {", 1)
    chosen = storage if backend == "storage" else scheduler.split("\n      }", 1)[0]
    pairs = re.findall(r"^ +(\w+): (.+)$", common + chosen, re.MULTILINE)
    return {name: value for name, value in pairs if name != "appSettings"}
