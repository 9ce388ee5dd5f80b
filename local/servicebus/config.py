"""The official Service Bus emulator's ``Config.json``, read strictly.

Same file, same defaults, so one file serves this broker, the emulator and, by hand, a Bicep
template. Limits are Azure's. What this broker cannot do (topics, forwarding) is refused by name: a
queue that silently did less than its configuration says would make every test against it worthless.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_pascal

from domain.errors import ConfigurationError

# Azure's own limits (service-bus 6.6, 6.9): what passes here must deploy there.
_LONGEST_LOCK = timedelta(minutes=5)
_LONGEST_HISTORY = timedelta(days=7)
_SHORTEST_HISTORY = timedelta(seconds=20)

_MOMENT = timedelta(milliseconds=1)
"""The shortest time there is here: with less, messages would never be locked, or never expire."""


def _iso_text(value: object) -> object:
    # pydantic also takes numbers and "01:00:00"; the emulator takes ISO 8601 only.
    if isinstance(value, timedelta) or (isinstance(value, str) and value.startswith("P")):
        return value
    message = "must be an ISO 8601 duration such as PT1M or P14D"
    raise ValueError(message)


type Duration = Annotated[timedelta, BeforeValidator(_iso_text)]


class _Section(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_pascal, populate_by_name=True, extra="forbid", frozen=True
    )


class QueueOptions(_Section):
    """How one queue behaves; Azure's names and defaults."""

    lock_duration: Duration = timedelta(minutes=1)
    max_delivery_count: int = Field(default=10, ge=1, le=2000)
    default_message_time_to_live: Duration | None = None
    dead_lettering_on_message_expiration: bool = False
    requires_session: bool = False
    requires_duplicate_detection: bool = False
    duplicate_detection_history_time_window: Duration = timedelta(minutes=10)
    forward_to: str = ""
    forward_dead_lettered_messages_to: str = ""

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        window = self.duplicate_detection_history_time_window
        if not _MOMENT <= self.lock_duration <= _LONGEST_LOCK:
            raise ValueError("LockDuration: more than nothing and at most PT5M")
        ttl = self.default_message_time_to_live
        if ttl is not None and ttl < _MOMENT:
            raise ValueError("DefaultMessageTimeToLive: more than nothing")
        # The window is checked only where it is used: the emulator writes one for every queue.
        if self.requires_duplicate_detection and not (
            _SHORTEST_HISTORY <= window <= _LONGEST_HISTORY
        ):
            raise ValueError("DuplicateDetectionHistoryTimeWindow: from PT20S to P7D")
        if self.forward_to or self.forward_dead_lettered_messages_to:
            raise ValueError("ForwardTo, ForwardDeadLetteredMessagesTo: not supported here")
        return self

    @property
    def lock_duration_ms(self) -> int:
        """The lock duration in milliseconds."""
        return _milliseconds(self.lock_duration)

    @property
    def duplicate_window_ms(self) -> int:
        """The duplicate detection window in milliseconds; 0 when the queue does not detect them."""
        if not self.requires_duplicate_detection:
            return 0
        return _milliseconds(self.duplicate_detection_history_time_window)

    @property
    def default_ttl_ms(self) -> int | None:
        """The longest time to live in milliseconds, or None when messages may stay for ever."""
        ttl = self.default_message_time_to_live
        return None if ttl is None else _milliseconds(ttl)


class QueueConfig(_Section):
    """One queue."""

    name: str = Field(min_length=1, max_length=260, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")
    properties: QueueOptions = QueueOptions()


class _Namespace(_Section):
    name: str
    queues: tuple[QueueConfig, ...] = ()
    topics: tuple[object, ...] = ()

    @field_validator("topics")
    @classmethod
    def _has_no_topics(cls, topics: tuple[object, ...]) -> tuple[object, ...]:
        # The emulator's own sample has one, so this is the first thing that many will read.
        if topics:
            raise ValueError("not supported here: this broker has queues only")
        return topics


class _UserConfig(_Section):
    namespaces: tuple[_Namespace]
    # The emulator's own business; taken so that its file works here unchanged.
    logging: object = None


class BrokerConfig(_Section):
    """Everything the broker needs to know about its queues."""

    user_config: _UserConfig

    @property
    def queues(self) -> tuple[QueueConfig, ...]:
        """The queues of the namespace."""
        return self.user_config.namespaces[0].queues

    @model_validator(mode="after")
    def _queues_are_distinct(self) -> Self:
        # Addresses are compared without case, so names that differ in nothing else are one.
        names = [queue.name.lower() for queue in self.queues]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            message = f"Queues: names differ in more than case, but these occur twice: {twice}"
            raise ValueError(message)
        return self


_CONFIG = TypeAdapter(BrokerConfig)


def _milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)


def parse_config(document: object, subject: str = "Config.json") -> BrokerConfig:
    """The configuration in a parsed ``Config.json``.

    Args:
        document: The parsed JSON.
        subject: What to call it in an error.

    Raises:
        ConfigurationError: The document is not one; the message lists every problem found.
    """
    try:
        return _CONFIG.validate_python(document)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'document'}: {problem['msg']}"
            for problem in error.errors(include_url=False)
        )
        raise ConfigurationError(problems, subject=subject) from error


def load_config(path: Path) -> BrokerConfig:
    """The configuration in a file.

    Raises:
        ConfigurationError: The file cannot be read, is not JSON, or is not a configuration.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"cannot be read as JSON: {error}"
        raise ConfigurationError(message, subject=str(path)) from error
    return parse_config(document, str(path))


def single_queue(name: str, **properties: object) -> BrokerConfig:
    """A configuration with one queue, for tests and demonstrations.

    Args:
        name: The queue.
        properties: Its properties by Azure's names, such as ``RequiresSession=True``.
    """
    queue = {"Name": name, "Properties": properties}
    return parse_config({"UserConfig": {"Namespaces": [{"Name": "local", "Queues": [queue]}]}})
