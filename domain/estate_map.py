"""What an operator knows of the estate and no service tells: expected zones, owners of machines.

The map is one YAML or JSON document. Its rules are tried in the order they stand in; the first one
that fits decides, so the narrow rules come first.
"""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from domain.errors import InvalidInputError, Problem
from domain.time_zones import require_zone
from domain.vaults import VaultRef

MAP_SCHEMA: Literal["vaultlift/estate-map/1"] = "vaultlift/estate-map/1"


def fold_region(region: str) -> str:
    """A region's name as it compares: ``West US`` and ``westus`` are one."""
    return region.replace(" ", "").casefold()


@dataclass(frozen=True, kw_only=True)
class ZoneRule:
    """The zone expected of the vaults that fit; what is empty fits every vault."""

    time_zone: str
    """Canonical Windows id."""
    name: str = ""
    """Pattern of vault names, ``*`` and ``?``, compared without case."""
    region: str = ""
    subscription_id: str = ""

    def fits(self, vault: VaultRef, region: str) -> bool:
        """Whether the rule is about this vault."""
        if self.subscription_id and self.subscription_id.casefold() != vault.subscription_id:
            return False
        if self.region and fold_region(self.region) != fold_region(region):
            return False
        return not self.name or fnmatchcase(vault.name.casefold(), self.name.casefold())


@dataclass(frozen=True, kw_only=True)
class OwnerRule:
    """Who looks after the machines that fit."""

    machine: str
    """Pattern of machine names, compared without case."""
    owner: str

    def fits(self, machine: str) -> bool:
        """Whether the rule is about this machine."""
        return fnmatchcase(machine.casefold(), self.machine.casefold())


@dataclass(frozen=True, kw_only=True)
class EstateMap:
    """Every rule of the map; an empty map answers nothing."""

    zones: tuple[ZoneRule, ...] = field(default=())
    owners: tuple[OwnerRule, ...] = field(default=())

    def owner_of(self, machine: str) -> str:
        """Who looks after a machine; empty where no rule says."""
        return next((rule.owner for rule in self.owners if rule.fits(machine)), "")


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
