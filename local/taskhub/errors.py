"""What the task hub refuses, told apart the way gRPC does, and what ends it."""

import sqlite3

import grpc

from domain.errors import VaultliftError


class RefusalError(VaultliftError):
    """A call the hub understood and refused; nothing was changed.

    Args:
        code: The gRPC status the caller gets.
        message: Why, in one sentence.
        subject: The instance the call was about.
        what_to_do: The caller's next step.
    """

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        *,
        subject: str | None = None,
        what_to_do: str | None = None,
    ) -> None:
        super().__init__(message, subject=subject, what_to_do=what_to_do)
        self.code = code


def not_found(instance_id: str) -> RefusalError:
    """The refusal for an instance the hub does not know."""
    return RefusalError(
        grpc.StatusCode.NOT_FOUND, "no orchestration instance has this id.", subject=instance_id
    )


class HubFaultError(VaultliftError):
    """The hub cannot write its file any more, and has stopped.

    Nothing that was acknowledged is lost; whatever was not is done again after the next start.
    """


# Faults of the file or the disk, not of a command: another try would meet them as well. What SQLite
# does after a failed sync is not to be trusted either: the system may have dropped the pages.
_STORAGE_FAULTS = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_READONLY,
    }
)

# SQLite's extended codes carry the primary one in their lowest byte.
_PRIMARY_CODE = 0xFF


def storage_fault(error: Exception) -> HubFaultError | None:
    """The fault of the hub's file behind an error of SQLite, or None if it is not the file's."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None or code & _PRIMARY_CODE not in _STORAGE_FAULTS:
        return None
    return HubFaultError(
        f"the task hub cannot write its file and has stopped: {error}.",
        what_to_do=(
            "See to the disk, or to the program that locks the file, and start again: whatever "
            "was acknowledged is in the file."
        ),
    )
