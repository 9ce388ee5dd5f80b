"""Names and ids the services derive."""

import pytest

from local.azure.names import (
    cloud_service_name,
    default_group,
    location_of,
    stable_fraction,
    stable_guid,
    stable_number,
)


def test_cloud_service_name_is_base32_of_the_subscription():
    """52 characters of BASE32 without padding, then the region with hyphens."""
    name = cloud_service_name("0A1B2C3D-1111-4222-8333-444455556666", "West US")
    prefix, digest, *region = name.split("-")

    assert (prefix, len(digest), region) == ("RecoveryServices", 52, ["West", "US"])
    assert name == cloud_service_name("0a1b2c3d-1111-4222-8333-444455556666", "West US")


def test_forced_upgrades_go_to_the_default_group_of_the_region():
    """The group's name ends with the region in lower case without blanks."""
    assert default_group("West US") == "Default-RecoveryServices-ResourceGroup-westus"
    assert location_of("Australia East") == "australiaeast"


def test_stable_ids_depend_on_every_part():
    """The same parts give the same id, other parts another."""
    assert stable_guid("a", "b") == stable_guid("a", "b")
    assert stable_guid("a", "b") != stable_guid("a", "c")


@pytest.mark.parametrize("bits", [1, 20, 62])
def test_stable_numbers_stay_below_their_limit(bits):
    """A number never has more bits than asked for."""
    assert all(stable_number("x", str(index), bits=bits) < 2**bits for index in range(50))


def test_stable_fractions_spread_from_zero_to_one():
    """Fractions lie in [0, 1) and are not all alike."""
    fractions = [stable_fraction("y", str(index)) for index in range(100)]

    assert 0 <= min(fractions) < 0.2
    assert 0.8 < max(fractions) < 1
