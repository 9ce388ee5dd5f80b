"""How requests find their route."""

import pytest

from local.azure.router import match_pattern, split_path
from local.azure.routes import ROUTER


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        ("/a/b", ("a", "b")),
        ("/a/C%3A%5C", ("a", "C:\\")),
        ("/a/x%2Fy", ("a", "x/y")),
        ("/a/b/", ("a", "b")),
    ],
)
def test_segments_are_decoded_after_the_split(path, segments):
    """An escaped slash belongs to its name."""
    assert segments == split_path(path)


def test_literals_match_without_case_and_names_are_kept():
    """ARM's way."""
    assert match_pattern(("Vaults", "{name}"), ("vAULTS", "MyVault")) == {"name": "MyVault"}


@pytest.mark.parametrize("segments", [("vaults",), ("vaults", ""), ("vaults", "a", "b")])
def test_other_lengths_and_empty_names_do_not_match(segments):
    """A placeholder stands for exactly one name."""
    assert match_pattern(("vaults", "{name}"), segments) is None


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/s/cloudservices", "classic-list"),
        ("POST", "/s/cloudservices/c/resources/n/~/BackupVault/v/upgrade", "classic-upgrade"),
        ("GET", "/subscriptions/s/providers/microsoft.recoveryservices/Vaults", "vaults"),
        ("POST", "/v1/workspaces/w/query", "query"),
    ],
)
def test_each_api_is_found(method, path, name):
    """By method and path."""
    assert ROUTER.find(method, split_path(path)).route.name == name


def test_the_methods_of_a_path_are_known():
    """For the answer to a wrong one."""
    vault = "/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v"

    assert ROUTER.methods(split_path(f"{vault}/backupPolicies/p")) == ("GET", "PUT")
    assert ROUTER.methods(split_path("/nowhere")) == ()
