"""What a classic vault looked like before its upgrade."""

from activities.before_images import keep_before_image
from domain.errors import UnavailableError
from domain.steps import PrecheckRequest, Run
from tests.fakes import (
    FakeClassicContents,
    MemoryEvidence,
    classic_vault,
    fake_ports,
    machine_row,
    upgrade_request,
)
from tests.unit.domain.check_samples import service_check

KEY = f"vaults/{classic_vault().ref.key}/runs/request-1/02-before-image.json"


def _request(check_no: int = 1) -> PrecheckRequest:
    run = Run(instance_id="upgrade-1", request=upgrade_request())
    return PrecheckRequest(
        run=run, classic=classic_vault(), check=service_check(), check_no=check_no
    )


async def test_machines_policies_and_storage_are_kept() -> None:
    """As the service gave them, each with its source."""
    contents, evidence = FakeClassicContents(), MemoryEvidence()
    contents.machines = [machine_row("a.contoso.example", 7)]

    unread = await keep_before_image(
        fake_ports(classic_contents=contents, evidence=evidence), _request()
    )

    image = evidence.documents[KEY]["data"]
    assert () == unread
    assert contents.machines == image["machines"]["value"]
    assert contents.policies == image["policies"]["value"]
    assert "GeoRedundant" == image["storage"]["value"]["properties"]["storageType"]
    assert "GET list_policies" == image["policies"]["provenance"]["source"]


async def test_the_first_image_stays() -> None:
    """A later look neither replaces it nor asks the service again."""
    contents, evidence = FakeClassicContents(), MemoryEvidence()
    ports = fake_ports(classic_contents=contents, evidence=evidence)
    await keep_before_image(ports, _request())
    contents.policies = []

    await keep_before_image(ports, _request(check_no=2))

    assert ([{"name": "DefaultPolicy"}], 1) == (
        evidence.documents[KEY]["data"]["policies"]["value"],
        contents.count("list_policies"),
    )


async def test_what_cannot_be_read_is_told_and_the_rest_is_kept() -> None:
    """DESIGN rule 4: not read is not the same as not there."""
    contents, evidence = FakeClassicContents(), MemoryEvidence()
    contents.fail("list_policies", UnavailableError("503"))

    unread = await keep_before_image(
        fake_ports(classic_contents=contents, evidence=evidence), _request()
    )

    image = evidence.documents[KEY]["data"]
    assert (("policies: 503",), True, False) == (unread, "machines" in image, "policies" in image)


async def test_a_vault_that_is_not_shown_is_told() -> None:
    """Resource Manager need not know a classic vault."""
    contents = FakeClassicContents()
    contents.is_shown = False

    (unread,) = await keep_before_image(fake_ports(classic_contents=contents), _request())

    assert unread.startswith("the classic vault: ")
