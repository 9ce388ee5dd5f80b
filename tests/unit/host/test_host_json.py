"""host.json: what is read, overridden and warned about."""

import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.host.app_settings import AppSettings
from local.host.functions import AppLoadError
from local.host.host_json import HostConfig, load_host_config, unknown_members


def load(folder: Path, document: dict[str, Any], **settings: str) -> HostConfig:
    """The configuration of a host.json."""
    (folder / "host.json").write_text(json.dumps({"version": "2.0", **document}))
    return load_host_config(folder, AppSettings(settings))


def test_defaults_are_those_of_the_real_host(tmp_path: Path):
    """A bare host.json: prefix api, no time-out, the extension's hub name."""
    config = load(tmp_path, {})

    assert (config.route_prefix, config.function_timeout) == ("api", None)
    assert config.hub_name == "TestHubName"
    assert config.max_activities == config.max_orchestrations >= 10


def test_the_settings_that_matter_are_read(tmp_path: Path):
    """Routes, time-out, functions, levels, durable and Service Bus sections."""
    config = load(
        tmp_path,
        {
            "functionTimeout": "00:10:00",
            "functions": ["a"],
            "logging": {"logLevel": {"default": "Warning"}},
            "extensions": {
                "http": {"routePrefix": "/", "maxConcurrentRequests": 7},
                "durableTask": {
                    "hubName": "%HUB%",
                    "maxConcurrentActivityFunctions": 3,
                    "maxConcurrentOrchestratorFunctions": 4,
                },
                "serviceBus": {"prefetchCount": 5},
            },
        },
        HUB="mine",
    )

    assert (config.route_prefix, config.max_concurrent_requests) == ("", 7)
    assert (config.function_timeout, config.only_functions) == (timedelta(minutes=10), {"a"})
    assert (config.hub_name, config.max_activities, config.max_orchestrations) == ("mine", 3, 4)
    assert config.log_levels == {"default": "Warning"}
    assert config.service_bus == {"prefetchCount": 5}


def test_settings_override_members(tmp_path: Path):
    """``AzureFunctionsJobHost__a__b`` goes deep and wins over the file."""
    document = {"extensions": {"durableTask": {"hubName": "file"}}}
    name = "AzureFunctionsJobHost__extensions__durableTask__hubName"

    assert load(tmp_path, document, **{name: "setting"}).hub_name == "setting"


def test_functions_may_be_chosen_by_settings(tmp_path: Path):
    """``AzureFunctionsJobHost__functions__0`` is how ``func start --functions`` passes them."""
    chosen = {f"AzureFunctionsJobHost__functions__{i}": name for i, name in enumerate("ab")}

    assert load(tmp_path, {}, **chosen).only_functions == {"a", "b"}


def test_an_override_below_a_value_is_refused(tmp_path: Path):
    """A path through something that is no object cannot be set."""
    with pytest.raises(AppLoadError, match="version is not an object"):
        load(tmp_path, {}, AzureFunctionsJobHost__version__x="1")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"version": "2.0", "extensionBundle": {"id": "x"}, "watchFiles": []}, []),
        ({"queues": {}}, ["queues"]),
        (
            {"extensions": {"queues": {}, "http": {"hsts": {"isEnabled": True}}}},
            ["extensions.queues"],
        ),
        ({"extensions": {"durableTask": {"hubname": "x"}}}, ["extensions.durableTask.hubname"]),
        (
            {"extensions": {"serviceBus": {"maxConcurrentCallsPerSession": 2}}},
            ["extensions.serviceBus.maxConcurrentCallsPerSession"],
        ),
        ({"logging": {"logLevel": {"X.Y": "None"}, "applicationInsights": {}}}, []),
    ],
)
def test_unknown_members_are_named(document: dict[str, Any], expected: list[str]):
    """What has no effect is named; what only means nothing on one machine is not."""
    assert unknown_members(document) == expected


def test_unknown_members_are_warned_about(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """One warning each, and the host still starts."""
    with caplog.at_level(logging.WARNING):
        load(tmp_path, {"queues": {}})

    assert caplog.messages == ["host.json: queues is not known to this host and has no effect"]


def test_comments_and_trailing_commas_are_read_over(tmp_path: Path):
    """The real host takes them, and people write them."""
    text = """{ // why
        "version": "2.0", /* "functions": ["none"], */
        "extensions": {"http": {"routePrefix": "a//b/*c*/",},},
    }"""
    (tmp_path / "host.json").write_text(text)
    config = load_host_config(tmp_path, AppSettings({}))

    assert (config.route_prefix, config.only_functions) == ("a//b/*c*", None)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("comment", ["/" * 200, "// see https://x.example\n" * 50, "/* */" * 50])
def test_a_comment_of_any_look_behind_a_comma_is_read_at_once(tmp_path: Path, comment: str):
    """A ruler of slashes can be seen as one comment or as many; with all ways tried it hung."""
    text = f'{{"version": "2.0",\n{comment}\n"functions": ["one"],\n{comment}\n}}'
    (tmp_path / "host.json").write_text(text)

    assert frozenset({"one"}) == load_host_config(tmp_path, AppSettings({})).only_functions


def test_a_section_may_be_null(tmp_path: Path):
    """It is the same as none."""
    assert load(tmp_path, {"extensions": None, "logging": None}).route_prefix == "api"


def test_an_error_names_the_line_of_the_file(tmp_path: Path):
    """Comments before it do not move it."""
    (tmp_path / "host.json").write_text('{ /* one\ntwo */\n"version": }')

    with pytest.raises(AppLoadError, match="line 3 column 12"):
        load_host_config(tmp_path, AppSettings({}))


@pytest.mark.parametrize(
    "document",
    [
        {"functionTimeout": "soon"},
        {"extensions": {"durableTask": {"maxConcurrentActivityFunctions": 0}}},
        {"extensions": {"http": {"maxConcurrentRequests": "many"}}},
        {"extensions": []},
        {"extensions": {"durableTask": "fast"}},
        {"extensions": {"http": {"customHeaders": ["X-A"]}}},
        {"logging": "loud"},
        {"logging": {"logLevel": "loud"}},
    ],
)
def test_malformed_values_are_refused(tmp_path: Path, document: dict[str, Any]):
    """A value that cannot be used keeps the host from starting."""
    with pytest.raises(AppLoadError, match=r"host\.json: "):
        load(tmp_path, document)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("{", "is not JSON"), ("[]", "must be an object"), ('{"version": "1.0"}', '"version": "2.0"')],
)
def test_a_file_that_is_no_host_json_is_refused(tmp_path: Path, text: str, reason: str):
    """The error says what the file must be."""
    (tmp_path / "host.json").write_text(text)

    with pytest.raises(AppLoadError, match=reason):
        load_host_config(tmp_path, AppSettings({}))


def test_a_folder_without_host_json_is_no_app(tmp_path: Path):
    """Nothing is guessed."""
    with pytest.raises(AppLoadError, match=r"it has no host\.json"):
        load_host_config(tmp_path, AppSettings({}))
