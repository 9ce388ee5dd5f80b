"""App settings: the environment, topped up from ``local.settings.json``, and ``%NAME%``."""

import logging
import os
import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from .functions import AppLoadError
from .json_files import read_json_file

_log = logging.getLogger("Host.Configuration")

LOCAL_SETTINGS = "local.settings.json"
_PERCENT_NAME = re.compile(r"%([^%]+)%")
_TRUE_WORDS = frozenset({"1", "true"})


def load_local_settings(app_directory: Path, environment: MutableMapping[str, str]) -> list[str]:
    """Puts ``Values`` of local.settings.json into the environment; names what it added.

    What the environment has already wins, as with the real tools, so that a shell can override the
    file. A missing file is fine.

    Raises:
        AppLoadError: The file is not JSON, is encrypted, or holds something else than strings.
    """
    path = app_directory / LOCAL_SETTINGS
    if not path.exists():
        return []
    try:
        document = read_json_file(path)
    except ValueError as error:
        raise AppLoadError(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("Values", {}), dict):
        raise AppLoadError(f"{path} must be an object with an object 'Values' of strings")
    if document.get("IsEncrypted"):
        # Only the tools that encrypted it hold the key.
        raise AppLoadError(f"{path} is encrypted; run 'func settings decrypt' first")
    return _add_missing(document.get("Values", {}), path, environment)


def _add_missing(
    values: Mapping[str, object], path: Path, environment: MutableMapping[str, str]
) -> list[str]:
    added = []
    for name, value in values.items():
        # The real tools take text only; True would reach the app as a word it does not expect.
        if not isinstance(value, str):
            raise AppLoadError(f"{path}: the value of {name} must be a string")
        if name not in environment:
            environment[name] = value
            added.append(name)
    return added


class AppSettings:
    """Looks settings up in the environment."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment

    def get(self, name: str) -> str | None:
        """The setting's value, or None."""
        return self._environment.get(name)

    def with_prefix(self, prefix: str) -> dict[str, str]:
        """Every setting whose name starts with ``prefix`` (without case), prefix removed."""
        return {
            name[len(prefix) :]: value
            for name, value in self._environment.items()
            if name.lower().startswith(prefix.lower())
        }

    def resolve(self, text: str, *, what: str) -> str:
        """``text`` with every ``%NAME%`` replaced by that setting.

        Args:
            text: The text as the app wrote it.
            what: What the text is, for the error.

        Raises:
            AppLoadError: A named setting does not exist.
        """

        def value_of(match: re.Match[str]) -> str:
            value = self.get(match[1])
            if value is None:
                raise AppLoadError(f"{what}: '{match[0]}' does not resolve to an app setting")
            return value

        return _PERCENT_NAME.sub(value_of, text)

    def is_disabled(self, function_name: str) -> bool:
        """Whether ``AzureWebJobs.NAME.Disabled`` switches the function off."""
        for name in (
            f"AzureWebJobs.{function_name}.Disabled",
            # Linux plans do not take dots in names; the platform offers this spelling there.
            f"AzureWebJobs__{function_name}__Disabled",
        ):
            if (self.get(name) or "").strip().lower() in _TRUE_WORDS:
                return True
        return False
