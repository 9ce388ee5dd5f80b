"""One setting says where evidence is, and no token goes to a host of somebody else."""

from pathlib import Path

import pytest

from adapters.clouds import KNOWN_CLOUDS, CloudName, custom_cloud
from adapters.evidence_location import (
    ContainerLocation,
    FolderLocation,
    cloud_of,
    find_cloud_problem,
    parse_location,
)


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("folder:out/evidence", FolderLocation(path=Path("out/evidence"))),
        ("container:evidence", ContainerLocation(name="evidence", account_url=None)),
        (
            "https://Acc1.blob.core.windows.net/vault-evidence/",
            ContainerLocation(
                name="vault-evidence", account_url="https://acc1.blob.core.windows.net"
            ),
        ),
    ],
)
def test_the_three_forms_are_understood(
    text: str, location: FolderLocation | ContainerLocation
) -> None:
    """Folder, container by connection string, container by identity."""
    assert location == parse_location(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "expected folder:PATH"),
        ("folder:", "expected folder:PATH"),
        ("out/evidence", "expected folder:PATH"),
        ("http://acc1.blob.core.windows.net/c123", "expected folder:PATH"),
        ("https:///evidence", "expected folder:PATH"),
        ("https://acc1.blob.core.windows.net", "not a container"),
        ("https://acc1.blob.core.windows.net/a/b", "not a container"),
        ("https://acc1.blob.core.windows.net/Evidence", "not a container"),
        ("container:a--b", "not a container"),
        ("container:ab", "not a container"),
        (f"container:{'a' * 64}", "not a container"),
        ("https://acc1.blob.core.windows.net/evidence?sig=secret", "not by signature"),
        ("https://user@acc1.blob.core.windows.net/evidence", "not by signature"),
    ],
)
def test_other_forms_are_refused(text: str, problem: str) -> None:
    """The problem is named, and nothing of the value that may be secret."""
    with pytest.raises(ValueError, match=problem) as caught:
        parse_location(text)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("cloud", "host"),
    [
        (CloudName.PUBLIC, "a.blob.core.windows.net"),
        (CloudName.PUBLIC, "a.z17.blob.storage.azure.net"),
        (CloudName.US_GOVERNMENT, "a.blob.core.usgovcloudapi.net"),
        (CloudName.CHINA, "a.blob.core.chinacloudapi.cn"),
    ],
)
def test_an_account_belongs_to_one_cloud(cloud: CloudName, host: str) -> None:
    """Its own cloud takes it, every other one refuses it."""
    location = parse_location(f"https://{host}/evidence")

    assert KNOWN_CLOUDS[cloud] == cloud_of(location)
    assert {cloud} == {
        name for name, known in KNOWN_CLOUDS.items() if find_cloud_problem(location, known) is None
    }


@pytest.mark.parametrize(
    "host", ["a.blob.core.windows.net.evil.example", "evil.example", "a.blob.core.windows.net:444"]
)
def test_no_token_goes_to_a_strange_host(host: str) -> None:
    """A host that only looks like an account is a problem of the setting."""
    problem = find_cloud_problem(
        parse_location(f"https://{host}/evidence"), KNOWN_CLOUDS[CloudName.PUBLIC]
    )

    assert problem is not None
    assert "*.blob.core.windows.net" in problem


def test_a_custom_cloud_takes_any_account() -> None:
    """Its operator says where everything is, and the account is its own audience."""
    cloud = custom_cloud(classic="https://c", arm="https://a", logs="https://l")
    location = parse_location("https://blobs.example.com/evidence")

    assert find_cloud_problem(location, cloud) is None
    assert isinstance(location, ContainerLocation)
    assert "https://blobs.example.com" == location.audience(cloud)


@pytest.mark.parametrize("text", ["folder:x", "container:evidence"])
def test_what_needs_no_token_fits_every_cloud(text: str) -> None:
    """A folder, or an account with a connection string, is never refused for its cloud."""
    assert [None] * 3 == [
        find_cloud_problem(parse_location(text), cloud) for cloud in KNOWN_CLOUDS.values()
    ]
