"""The shape of what is sent to ``/api/campaigns``, checked member by member."""

from datetime import time
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel

from domain.campaigns import MAX_WINDOW, CampaignOptions, ErrorThreshold, Limits
from domain.intake_fields import read_guid
from domain.maintenance import Day, Hours, MaintenanceWindow
from domain.time_zones import require_zone

CAMPAIGN_ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,59}$"
"""Part of an instance id and of evidence keys; short enough for both."""

DEFAULT_WINDOW = 50
"""Vaults in flight where the operator names no number. How many upgrades the service runs at once
is not published (performance 1b): a wide window is the operator's decision."""


# Strict and closed: a limit in quotes or under a misspelt name would otherwise be dropped or
# guessed, and many more vaults would be started than the operator meant.
class _Body(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=False,
        strict=True,
        use_attribute_docstrings=True,  # The published description of the body is made from them.
    )


class _Threshold(_Body):
    count: Annotated[int, Field(ge=0)] | None = None
    # Below 100: more than all vaults can never fail, and the threshold would do nothing.
    percent: Annotated[float, Field(ge=0, lt=100)] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.count is None) == (self.percent is None):
            raise ValueError("give either count or percent")
        return self

    def to_threshold(self) -> ErrorThreshold:
        """The threshold in the domain's terms."""
        return ErrorThreshold(count=self.count, percent=self.percent)


def _clock_time(value: Any) -> time:
    if not isinstance(value, str):
        raise ValueError("must be a clock time such as 22:00")  # noqa: TRY004 - pydantic's way
    try:
        moment = time.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a clock time such as 22:00") from None
    # The window names one zone for all its hours. An offset beside it would contradict that zone
    # for half of the year.
    if moment.tzinfo is not None or moment.second or moment.microsecond:
        raise ValueError("must be hours and minutes on the clock of the zone")
    return moment


def _days(value: Any) -> Any:
    return list(Day) if value is None else value


# RFC 3339 knows no time without an offset, so its format would refuse what is accepted here.
type _Time = Annotated[
    time,
    BeforeValidator(_clock_time),
    WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}),
]
type _Guid = Annotated[str, AfterValidator(read_guid)]
# Strict mode takes members of the enum only, and JSON has nothing but their words.
type _Day = Annotated[Day, Field(strict=False)]


class _Hours(_Body):
    days: Annotated[tuple[_Day, ...], Field(min_length=1, strict=False), BeforeValidator(_days)] = (
        tuple(Day)
    )
    start: _Time
    end: _Time


class _Maintenance(_Body):
    time_zone: Annotated[str, AfterValidator(require_zone)]
    hours: Annotated[list[_Hours], Field(min_length=1)]

    def to_window(self) -> MaintenanceWindow:
        """The window in the domain's terms."""
        hours = tuple(
            Hours(days=tuple(one.days), start=one.start, end=one.end) for one in self.hours
        )
        return MaintenanceWindow(time_zone=self.time_zone, hours=hours)


class CampaignBody(_Body):
    """A campaign as it is asked for; vaults are checked by the intake of any list of vaults."""

    campaign_id: Annotated[str, Field(pattern=CAMPAIGN_ID_PATTERN)] | None = None
    """Names the campaign; left out, one is made up."""
    requested_by: Any = None
    vaults: Any = None
    """The vaults, as for a plain list of upgrades; or `subscriptions`."""
    subscriptions: Annotated[list[_Guid], Field(min_length=1, max_length=500)] | None = None
    """Take every classic Backup vault found there now."""
    defaults: dict[str, Any] | None = None
    """The fields of each vault that was found."""
    window: Annotated[int, Field(ge=1, le=MAX_WINDOW)] = DEFAULT_WINDOW
    """Vaults in flight at once."""
    per_subscription: Annotated[int, Field(ge=1)] | None = None
    """Of these, at most so many in one subscription."""
    per_region: Annotated[int, Field(ge=1)] | None = None
    """Of these, at most so many in one region."""
    error_threshold: _Threshold | None = None
    """How many failures are tolerated; null: any number."""
    maintenance: _Maintenance | None = None
    """When vaults may be started; null: at any time."""
    dry_run: bool = False
    """Answer with the plan; keep and send nothing."""

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.vaults is None) == (self.subscriptions is None):
            raise ValueError("give either vaults or subscriptions")
        # A listed vault says everything itself; with defaults beside it nobody could tell which of
        # the two counts.
        if self.subscriptions is None and self.defaults is not None:
            raise ValueError("defaults are for vaults that are found in subscriptions")
        return self

    def to_options(self) -> CampaignOptions:
        """What the operator decided, in the domain's terms."""
        return CampaignOptions(
            limits=Limits(
                window=self.window,
                per_subscription=self.per_subscription,
                per_region=self.per_region,
            ),
            threshold=self.error_threshold.to_threshold() if self.error_threshold else None,
            maintenance=self.maintenance.to_window() if self.maintenance else None,
        )


class CommandBody(_Body):
    """What a pause, resume, cancel or redrive says beside its verb."""

    requested_by: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    comment: Annotated[str, Field(max_length=1000)] = ""
