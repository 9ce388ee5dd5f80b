"""Reads the estate map from the file that the settings name."""

from pathlib import Path

import yaml

from domain.errors import ConfigurationError, InvalidInputError
from domain.estate_intake import parse_estate_map
from domain.estate_map import EstateMap

_WHAT_TO_DO = "Correct the file that VAULTLIFT_ESTATE_MAP names, or unset it, and start again."


def load_estate_map(path: str | None) -> EstateMap:
    """The map in a YAML or JSON file; an empty map where no file is named.

    Raises:
        ConfigurationError: The file cannot be read, or breaks a rule; lists every problem.
    """
    if path is None:
        return EstateMap()
    try:
        # JSON is YAML; safe_load makes plain values only.
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(str(error), subject=path, what_to_do=_WHAT_TO_DO) from error
    try:
        return parse_estate_map(document, subject=path)
    except InvalidInputError as error:
        lines = [f"{one.where}: {one.message}" for one in error.problems]
        message = "\n  ".join([f"{len(lines)} of its rules cannot be used:", *lines])
        raise ConfigurationError(f"{message}\n", subject=path, what_to_do=_WHAT_TO_DO) from error
