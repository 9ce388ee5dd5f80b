"""Whatever the blob service does, a document is kept once and its writer is known."""

from collections.abc import AsyncIterator
from typing import Any, Self

import pytest
from aiohttp import web
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from adapters.blob_container import Container, container_by_identity
from adapters.clouds import KNOWN_CLOUDS, CloudName, custom_cloud
from adapters.evidence_blob import SIGNATURE, EvidenceBlobs
from adapters.evidence_location import ContainerLocation
from adapters.loop_local import LoopLocal
from adapters.transport import CarefulTransport
from domain.errors import EvidenceError
from tests.blob_service import (
    REQUEST_ID,
    Blob,
    BlobService,
    answering,
    blob_service,
    blob_store,
    lose_the_answer,
)


@pytest.fixture
async def service() -> AsyncIterator[BlobService]:
    """A service that is well until a test says otherwise."""
    async with blob_service() as running:
        yield running


@pytest.fixture
async def store(service: BlobService) -> AsyncIterator[EvidenceBlobs]:
    """A store on the service."""
    blobs = blob_store(service.connection_string)
    yield blobs
    await blobs.aclose()


async def test_a_lost_answer_leaves_the_document_ours(
    service: BlobService, store: EvidenceBlobs
) -> None:
    """The put is sent again, finds its own document, and knows it."""
    service.faults = [lose_the_answer]

    entry = await store.create("k.json", {"n": 1})

    assert (True, {"n": 1}) == (entry.is_new, entry.document)
    assert ["PUT", "PUT", "GET"] == [method for method, _ in service.asked]


# aiohttp would rather have a stream than the bytes the SDK hands it; it says so in tests only.
@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_a_large_document_is_sent_again_whole(
    service: BlobService, store: EvidenceBlobs
) -> None:
    """The second put carries the same bytes as the first one did."""
    document = {"text": "x" * 3_000_000}
    service.faults = [answering(503, "ServerBusy"), lose_the_answer]

    entry = await store.create("k.json", document)

    assert entry.is_new
    assert document == await store.read("k.json")


async def test_a_lost_answer_does_not_make_anothers_document_ours(
    service: BlobService, store: EvidenceBlobs
) -> None:
    """The very same words, kept by somebody else, are somebody else's."""
    other = await store.create("k.json", {"n": 1})
    service.faults = [lose_the_answer]

    entry = await store.create("k.json", {"n": 1})

    assert (True, False) == (other.is_new, entry.is_new)


async def test_a_document_without_a_signature_is_anothers(
    service: BlobService, store: EvidenceBlobs
) -> None:
    """What was put there by hand is respected like any first document."""
    service.blobs["k.json"] = Blob(b'{"by": "hand"}', {})

    entry = await store.create("k.json", {"by": "us"})

    assert (False, {"by": "hand"}) == (entry.is_new, entry.document)


async def test_two_writers_that_both_lose_their_answers_agree(
    service: BlobService, store: EvidenceBlobs
) -> None:
    """However many answers are lost, one writer owns the key."""
    service.faults = [lose_the_answer, lose_the_answer, None, None, lose_the_answer]

    first = await store.create("k.json", {"n": 1})
    second = await store.create("k.json", {"n": 1})

    assert (True, False) == (first.is_new, second.is_new)


async def test_every_call_signs_with_an_id_of_its_own(
    service: BlobService, store: EvidenceBlobs
) -> None:
    """Two calls of one process are two writers."""
    await store.create("a.json", {})
    await store.create("b.json", {})

    assert 2 == len({blob.metadata[SIGNATURE] for blob in service.blobs.values()})


async def test_a_busy_service_is_asked_again(service: BlobService, store: EvidenceBlobs) -> None:
    """A 503 or a broken connection before the effect costs a retry and nothing else."""
    service.faults = [answering(503, "ServerBusy"), answering(500, "InternalError")]

    assert (await store.create("k.json", {})).is_new


async def test_a_service_that_stays_away_is_an_error(
    service: BlobService, store: EvidenceBlobs
) -> None:
    """After some tries the failure goes to the workflow, with the service's request id."""
    service.faults = [answering(503, "ServerBusy")] * 9

    with pytest.raises(EvidenceError, match="ServerBusy") as caught:
        await store.create("k.json", {})

    assert ("k.json", REQUEST_ID) == (caught.value.subject, caught.value.request_id)
    assert 4 == len(service.asked)


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (403, "AuthorizationPermissionMismatch", "Give the app's identity its role"),
        (403, "AuthorizationFailure", "Let the app's network reach"),
        (404, "ContainerNotFound", "Create the container"),
        (401, "InvalidAuthenticationInfo", "Check the roles of the identity"),
        (409, "ContainerBeingDeleted", ""),
        (429, "TooManyRequests", ""),
    ],
)
async def test_refusals_are_named(
    service: BlobService, store: EvidenceBlobs, status: int, code: str, advice: str
) -> None:
    """The error says what was refused, under which request id, and what to do; at once."""
    for call in (store.create("k.json", {}), store.read("k.json"), store.list_keys("")):
        service.faults, service.asked = [answering(status, code)], []
        with pytest.raises(EvidenceError, match=code) as caught:
            await call
        assert REQUEST_ID == caught.value.request_id
        assert advice in str(caught.value)
        assert 1 == len(service.asked)


async def test_a_container_that_is_gone_is_not_an_empty_one(
    service: BlobService, store: EvidenceBlobs
) -> None:
    """Nothing may conclude from a missing container that nothing was sent."""
    service.has_container = False

    for call in (store.read("k.json"), store.list_keys("")):
        with pytest.raises(EvidenceError, match="ContainerNotFound"):
            await call


@pytest.mark.parametrize("code", ["ConditionNotMet", "BlobImmutableDueToPolicy"])
async def test_a_taken_key_may_be_refused_in_other_words(
    service: BlobService, store: EvidenceBlobs, code: str
) -> None:
    """Where a retention policy or a gateway looks first, the key is read all the same."""
    await store.create("k.json", {"n": 1})
    service.faults = [answering(412, code)]

    entry = await store.create("k.json", {"n": 2})

    assert (False, {"n": 1}) == (entry.is_new, entry.document)


async def test_a_key_that_is_taken_and_empty_is_an_error(
    service: BlobService, store: EvidenceBlobs
) -> None:
    """A document that vanishes between two calls is not replaced by a guess."""
    service.faults = [answering(409, "BlobAlreadyExists")]

    with pytest.raises(EvidenceError, match="taken, and yet not there"):
        await store.create("k.json", {})


async def test_a_damaged_blob_is_an_error(service: BlobService, store: EvidenceBlobs) -> None:
    """A document somebody cut short does not read as missing."""
    service.blobs["k.json"] = Blob(b'{"a":', {})

    with pytest.raises(EvidenceError, match=r"k\.json: damaged"):
        await store.read("k.json")


async def test_foreign_blobs_are_not_listed(service: BlobService, store: EvidenceBlobs) -> None:
    """What no key can name is nobody's document."""
    service.blobs = {name: Blob(b"{}", {}) for name in ("v/1.json", "v/.x.json", "v/2.txt", "v")}

    assert ("v/1.json",) == await store.list_keys("")


class NoCredential:
    """Gives no token, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.scopes: list[str] = []
        self.is_closed = False

    async def get_token(self, *scopes: str, **_: object) -> AccessToken:
        self.scopes.extend(scopes)
        raise ClientAuthenticationError("no identity here.\nAttempted: everything")

    async def close(self) -> None:
        self.is_closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


@pytest.mark.parametrize(
    ("cloud", "host", "scope"),
    [
        (KNOWN_CLOUDS[CloudName.PUBLIC], "a.blob.core.windows.net", "https://storage.azure.com"),
        (
            KNOWN_CLOUDS[CloudName.CHINA],
            "a.blob.core.chinacloudapi.cn",
            "https://storage.azure.com",
        ),
        (
            custom_cloud(classic="https://c", arm="https://a", logs="https://l"),
            "b.x",
            "https://b.x",
        ),
    ],
)
async def test_by_identity_a_token_for_storage_is_asked_for(
    cloud: object, host: str, scope: str
) -> None:
    """The token's audience fits the cloud; without a token nothing is sent, and all is closed."""
    credential = NoCredential()
    location = ContainerLocation(name="evidence", account_url=f"https://{host}")
    store = EvidenceBlobs(
        LoopLocal(
            lambda: container_by_identity(
                location, cloud, credential, CarefulTransport(), retry_base_s=0
            ),
            Container.aclose,
        )
    )
    with pytest.raises(EvidenceError, match="no identity here\\. Give the app its identity"):
        await store.read("k.json")
    await store.aclose()

    assert {f"{scope}/.default"} == set(credential.scopes)
    assert credential.is_closed


GATEWAY_PAGES = [
    web.Response(text="<html/>", content_type="text/html"),
    web.Response(text="<html/>", content_type="application/xml"),
    web.Response(text="null", content_type="application/json"),
    web.Response(body=b"\xff", content_type="text/html", charset="utf-8"),
]


@pytest.mark.parametrize("page", GATEWAY_PAGES, ids=["page", "xml", "null", "no text"])
async def test_an_answer_of_no_storage_service_is_an_error(
    page: web.Response, service: BlobService, store: EvidenceBlobs
) -> None:
    """No empty list, and no failure that nobody knows."""

    async def gateway(*_: Any) -> web.Response:
        return web.Response(
            body=page.body, content_type=page.content_type, charset=page.charset or None
        )

    service.faults = [gateway, gateway]

    with pytest.raises(EvidenceError, match="cannot be right"):
        await store.list_keys("vaults/")
    with pytest.raises(EvidenceError, match="cannot be right"):
        await store.read("k.json")
