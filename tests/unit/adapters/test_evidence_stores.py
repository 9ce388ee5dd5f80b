"""The setting decides which store is opened, and nothing is asked of it before it is used."""

from pathlib import Path

import pytest

from adapters.evidence_blob import EvidenceBlobs
from adapters.evidence_folder import EvidenceFolder
from adapters.evidence_stores import evidence_store
from adapters.settings import Settings
from tests.blob_service import blob_service

BUS = {"ServiceBusConnection__fullyQualifiedNamespace": "example.servicebus.windows.net"}


@pytest.mark.parametrize(
    ("evidence", "kind"),
    [
        ("folder:x", EvidenceFolder),
        ("https://acc1.blob.core.windows.net/evidence", EvidenceBlobs),
    ],
)
def test_the_setting_chooses_the_store(evidence: str, kind: type) -> None:
    """A folder on one machine, a container in Azure; code does not differ."""
    store = evidence_store(Settings.from_environment(BUS | {"VAULTLIFT_EVIDENCE": evidence}))

    assert isinstance(store, kind)


async def test_a_folder_is_where_the_setting_says(tmp_path: Path) -> None:
    """The path is taken as it stands."""
    settings = Settings.from_environment(BUS | {"VAULTLIFT_EVIDENCE": f"folder:{tmp_path}"})

    await evidence_store(settings).create("k.json", {})

    assert (tmp_path / "k.json").is_file()


async def test_an_emulator_is_reached_by_connection_string() -> None:
    """The two settings together lead to the container."""
    async with blob_service() as service:
        settings = Settings.from_environment(
            BUS
            | {
                "VAULTLIFT_EVIDENCE": "container:evidence",
                "VAULTLIFT_EVIDENCE_CONNECTION": service.connection_string,
            }
        )
        store = evidence_store(settings)
        assert isinstance(store, EvidenceBlobs)

        await store.create("k.json", {"n": 1})
        await store.aclose()

    assert b'{\n  "n": 1\n}\n' == service.blobs["k.json"].content
