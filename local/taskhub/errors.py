"""What the task hub refuses, told apart the way gRPC does."""

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
