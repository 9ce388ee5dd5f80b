"""The HTTP functions that ``function_app.py`` registers, as the Functions host would see them."""

import importlib
import json
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from tools.api.model import Registered

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_PREFIX = "api"
"""What the Functions host puts before every route unless ``host.json`` says otherwise."""

_NAMESPACE = "ServiceBusConnection__fullyQualifiedNamespace"


def load_app() -> Any:
    """The app's object; its module is imported with settings that lead nowhere."""
    with tempfile.TemporaryDirectory() as folder:
        kept = dict(os.environ)
        # Whoever develops may have settings of their own, and those could contradict ours.
        for name in kept:
            if name.startswith(("VAULTLIFT_", "ServiceBusConnection")):
                del os.environ[name]
        # Importing wires everything up and calls nothing, so any well-formed setting will do.
        os.environ.update({"VAULTLIFT_EVIDENCE": f"folder:{folder}", _NAMESPACE: "none.example"})
        try:
            # Not at the top of this module: the app reads its settings while it is imported.
            return importlib.import_module("function_app").app
        finally:
            os.environ.clear()
            os.environ.update(kept)


def route_prefix(host_json: Path = ROOT / "host.json") -> str:
    """What stands before every route, without slashes."""
    extensions = json.loads(host_json.read_text(encoding="utf-8")).get("extensions", {})
    return str(extensions.get("http", {}).get("routePrefix", DEFAULT_PREFIX))


@cache
def app_routes() -> tuple[Registered, ...]:
    """The routes of this repository's app, read once: an app object lists its functions once."""
    return http_functions(load_app(), route_prefix())


def http_functions(app: Any, prefix: str) -> tuple[Registered, ...]:
    """Every function with an HTTP trigger, in the order of registration."""
    found = []
    for function in app.get_functions():
        trigger = function.get_trigger().get_dict_repr()
        if trigger["type"] != "httpTrigger":
            continue
        found.append(
            Registered(
                function=function.get_function_name(),
                path=f"/{prefix}/{trigger['route']}",
                methods=tuple(method.value.lower() for method in trigger["methods"]),
                # Anything but anonymous: the host turns a call without a key away itself.
                is_keyed=trigger["authLevel"].value != "anonymous",
            )
        )
    return tuple(found)
