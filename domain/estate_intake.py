"""Reads the estate map: one YAML or JSON document, checked as a whole before any rule is used."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from domain.errors import InvalidInputError, Problem
from domain.estate_map import EstateMap, OwnerRule, ZoneRule
from domain.time_zones import require_zone


# Closed: a misspelt member would be passed over, and a rule without it fits every vault there is.
class _Row(BaseModel):
    model_config = ConfigDict(
        extra="forbid", alias_generator=to_camel, populate_by_name=True, frozen=True
    )


class _ZoneRow(_Row):
    time_zone: Annotated[str, AfterValidator(require_zone)]
    name: str = ""
    region: str = ""
    subscription_id: str = ""

    @model_validator(mode="after")
    def _is_about_something(self) -> "_ZoneRow":
        if not (self.name or self.region or self.subscription_id):
            raise ValueError("name at least one of name, region, subscriptionId; * fits any name")
        return self


class _OwnerRow(_Row):
    machine: str = Field(min_length=1)
    owner: str = Field(min_length=1)


class _MapFile(_Row):
    # A name of its own: pydantic's models have a method called schema.
    map_schema: Literal["vaultlift/estate-map/1"] = Field(alias="schema")
    zones: tuple[_ZoneRow, ...] = ()
    owners: tuple[_OwnerRow, ...] = ()


def _problems(invalid: ValidationError) -> list[Problem]:
    return [
        Problem(
            where=".".join(map(str, one["loc"])) or "document",
            field=str(one["loc"][-1]) if one["loc"] else "-",
            message=one["msg"].removeprefix("Value error, "),
        )
        for one in invalid.errors(include_url=False, include_input=False)
    ]


def parse_estate_map(document: Any, *, subject: str) -> EstateMap:
    """The map of a parsed document.

    Args:
        document: What the YAML or JSON text holds.
        subject: The file's name, for problems.

    Raises:
        InvalidInputError: It breaks a rule; lists every problem with its place.
    """
    # Checked at start and as a whole: a rule that fails at night would pick the next one.
    try:
        parsed = _MapFile.model_validate(document)
    except ValidationError as error:
        raise InvalidInputError(_problems(error), subject=subject) from None
    return EstateMap(
        zones=tuple(ZoneRule(**row.model_dump()) for row in parsed.zones),
        owners=tuple(OwnerRule(**row.model_dump()) for row in parsed.owners),
    )
