"""The running whole with its evidence in a blob container whose answers get lost."""

import asyncio
from pathlib import Path

import pytest

from adapters.evidence_blob import SIGNATURE
from tests.blob_service import CONTAINER, answering, blob_service, lose_the_answer
from tests.e2e.stack import ENDED, running_stack, vault

pytestmark = pytest.mark.timeout(180)


async def test_a_vault_is_upgraded_once_though_answers_of_the_store_get_lost(
    tmp_path: Path,
) -> None:
    """Nothing but settings changes; the run ends as declared, each document is in the container."""
    async with blob_service() as service:
        # Not more often: the pause before a retry is real, half an hour on the clock of the app,
        # and a start that is held up for longer than some minutes is not sent but looked at again.
        faults = [lose_the_answer, *[None] * 9, answering(503, "ServerBusy"), *[None] * 9]
        service.faults = faults * 50
        settings = {
            "VAULTLIFT_EVIDENCE": f"container:{CONTAINER}",
            "VAULTLIFT_EVIDENCE_CONNECTION": service.connection_string,
        }
        async with running_stack(tmp_path, **settings) as stack:
            # In threads: the blob service answers on this loop.
            sent = await asyncio.to_thread(
                stack.call, "POST", "/api/upgrades", vault("vault-clean", "West Europe")
            )
            run_id = sent.body["upgrades"][0]["id"]
            view = await asyncio.to_thread(
                stack.until, run_id, lambda seen: seen["state"] in ENDED, 120
            )
            started = await asyncio.to_thread(stack.upgrades_started)

        assert ("closed", 1) == (view["state"], started["vault-clean"]), view["reasons"]
        assert f"{view['evidencePrefix']}/outcome.json" in service.blobs
        assert all(blob.metadata.get(SIGNATURE) for blob in service.blobs.values())
    assert not (tmp_path / "evidence").exists()
