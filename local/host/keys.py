"""Access keys: who may call what when authorization is enforced (``--auth``).

As with the real tools, keys are not asked for locally unless wanted. Keys are made on first use and
kept in a file that only its owner can read.
"""

import json
import os
import secrets
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Self

from .functions import AppLoadError

MASTER_KEY = "_master"
DURABLE_KEY = "durabletask_extension"
"""Name of the system key of the durable management API."""


class Level(Enum):
    """What a request must show."""

    ANONYMOUS = "anonymous"
    FUNCTION = "function"
    ADMIN = "admin"
    SYSTEM = "system"


class Keys:
    """The host's keys.

    Args:
        master: Opens everything.
        function: Opens every function of level function.
        system: Opens the durable management API.
        of_functions: A key per function, where one was given in the file.
    """

    def __init__(
        self, *, master: str, function: str, system: str, of_functions: Mapping[str, str]
    ) -> None:
        self.master = master
        self.function = function
        self.system = system
        self._of_functions = dict(of_functions)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The keys of a file, made now if there is none.

        Raises:
            AppLoadError: The file is not one of ours.
        """
        # Made rather than asked for: a first run must not need any preparation.
        if not path.exists():
            _write(path)
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                master=document["master"],
                function=document["function"],
                system=document["system"],
                of_functions=document.get("functions", {}),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise AppLoadError(
                f"{path} is not a key file ({error!r}); delete it to have new keys made"
            ) from error

    def opens(self, level: Level, presented: str | None, function_name: str = "") -> bool:
        """Whether ``presented`` is good enough for ``level``."""
        if level is Level.ANONYMOUS:
            return True
        if not presented:
            # Or a key left empty in the file would open to whoever shows none.
            return False
        accepted = [self.master]
        if level is Level.FUNCTION:
            accepted += [self.function, self._of_functions.get(function_name, self.function)]
        elif level is Level.SYSTEM:
            accepted.append(self.system)
        given = presented.encode()
        # In constant time: how long a comparison takes must not tell how much of a key is right.
        return any(secrets.compare_digest(given, key.encode()) for key in accepted)


def _write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # 256 bits each, so nobody has to limit the rate of guessing.
    document = {name: secrets.token_urlsafe(32) for name in ("master", "function", "system")}
    # Private from its first moment, and never over a file that another start just made.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({**document, "functions": {}}, file, indent=2)
