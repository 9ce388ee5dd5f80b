"""The table of settings, made from what reads them."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo

from adapters.settings import Settings
from domain.errors import ConfigurationError

_HEAD = """\
# Settings

Environment variables; in Azure, app settings. They are checked together at start, and everything
that is wrong is reported at once. Blank counts as not set.

This page is made from `adapters/settings.py` by `python -m tools.write_schemas`.

| setting | default | meaning |
|---|---|---|
"""

_TAIL = """
The Functions host reads settings of its own beside these. `TASKHUB_NAME` names the task hub and is
required: two deployments must never share one. `AzureWebJobsStorage` is the host's storage, by
identity with `AzureWebJobsStorage__accountName`. What [host.json](../../host.json) sets, and why, is
in [host-json.md](host-json.md). [local.settings.sample.json](../../local.settings.sample.json) is a
start for running in `func`, [infra](../../infra) sets all of it in Azure.

`VAULTLIFT_URL` and `VAULTLIFT_KEY` are no settings of the app: the command line takes them for
`--url` and `--key`.
"""


def settings_page(fields: Mapping[str, FieldInfo] | None = None) -> str:
    """The page, as Markdown.

    Raises:
        ConfigurationError: A setting says nothing about itself.
    """
    rows = [_row(field) for field in (fields or Settings.model_fields).values()]
    return _HEAD + "\n".join(rows) + "\n" + _TAIL


def _row(field: FieldInfo) -> str:
    if not field.description:
        raise ConfigurationError(
            f"{field.alias} has no description",
            subject="settings",
            what_to_do="Say what it means in a string below it in adapters/settings.py.",
        )
    text = " ".join(field.description.split())
    return f"| `{field.alias}` | {_default(field)} | {text}{_choices(field)} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    # As it is written in an app setting, and not as Python shows it.
    value = field.default.value if isinstance(field.default, Enum) else field.default
    if value is None or value == ():
        return ""
    # A rate of 1.0 is what people set as 1.
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _choices(field: FieldInfo) -> str:
    """What a value may be, where the type says it."""
    kind: Any = field.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f" One of {', '.join(f'`{one.value}`' for one in kind)}."
    limits = {type(one): one for one in field.metadata}
    least, above, most = limits.get(Ge), limits.get(Gt), limits.get(Le)
    if least and most:
        return f" From {least.ge} to {most.le}."
    return f" More than {above.gt}." if above else ""
