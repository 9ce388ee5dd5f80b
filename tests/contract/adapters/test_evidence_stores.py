"""What every evidence store promises, held against each of them: folder, blobs, Azurite."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from azure.storage.blob.aio import ContainerClient

from adapters.evidence_folder import EvidenceFolder
from adapters.ports import EvidenceStore
from domain.errors import EvidenceError
from tests.azurite.emulator import azurite, why_not
from tests.blob_service import CONTAINER, blob_service, blob_store, connection_string


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    """Where Azurite's account is; skips where Azurite is not installed."""
    if reason := why_not():
        pytest.skip(reason)
    with azurite() as endpoint:
        yield endpoint


@pytest.fixture(params=["folder", "blobs", "azurite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EvidenceStore]:
    """An empty store of each kind."""
    if request.param == "folder":
        yield EvidenceFolder(tmp_path / "new" / "evidence")
        return
    async with AsyncExitStack() as stack:
        if request.param == "azurite":
            connection = connection_string(request.getfixturevalue("emulator"))
            await _empty_container(connection)
        else:
            connection = (await stack.enter_async_context(blob_service())).connection_string
        blobs = blob_store(connection)
        stack.push_async_callback(blobs.aclose)
        yield blobs


async def _empty_container(connection: str) -> None:
    async with ContainerClient.from_connection_string(connection, CONTAINER) as client:
        if await client.exists():
            await client.delete_container()
        await client.create_container()


async def test_a_document_can_be_read_back(store: EvidenceStore) -> None:
    """What was kept is what is read, whatever its letters and numbers."""
    document = {"kind": "plan", "data": {"name": "Zürich 東京", "n": [1, None, 2.5, True]}}

    entry = await store.create("vaults/k/plan.json", document)

    assert (True, document) == (entry.is_new, entry.document)
    assert document == await store.read("vaults/k/plan.json")


async def test_the_first_document_stays(store: EvidenceStore) -> None:
    """A second document under a key is not kept, and the first is given back."""
    await store.create("k.json", {"n": 1})

    second = await store.create("k.json", {"n": 2})

    assert (False, {"n": 1}) == (second.is_new, second.document)
    assert {"n": 1} == await store.read("k.json")


async def test_the_same_words_of_two_writers_are_two_documents(store: EvidenceStore) -> None:
    """Whoever comes second is told so, even with the very document that is there."""
    await store.create("send-01.json", {"lookNo": 1})

    second = await store.create("send-01.json", {"lookNo": 1})

    assert (False, {"lookNo": 1}) == (second.is_new, second.document)


async def test_what_is_not_there_reads_as_none(store: EvidenceStore) -> None:
    """A free key is no error."""
    assert await store.read("nothing.json") is None


async def test_keys_are_listed_by_prefix_and_sorted(store: EvidenceStore) -> None:
    """A prefix may end inside a name; other keys are left out."""
    for key in ("v/b/2.json", "v/b/1.json", "v/bb/1.json", "w/1.json", "v/B.json"):
        await store.create(key, {})

    assert ("v/b/1.json", "v/b/2.json", "v/bb/1.json") == await store.list_keys("v/b")
    assert ("v/b/1.json", "v/b/2.json") == await store.list_keys("v/b/")
    assert ("v/B.json", "v/b/1.json", "v/b/2.json", "v/bb/1.json") == await store.list_keys("v")
    assert () == await store.list_keys("x")
    assert 5 == len(await store.list_keys(""))


@pytest.mark.parametrize("key", ["../k.json", "/etc/k.json", "k.txt", "a b.json", ""])
async def test_bad_keys_are_refused(store: EvidenceStore, key: str) -> None:
    """A key that could lead elsewhere is neither written nor read."""
    for call in (store.create(key, {}), store.read(key)):
        with pytest.raises(EvidenceError, match="not a key"):
            await call

    assert () == await store.list_keys("")


async def test_bad_prefixes_are_refused(store: EvidenceStore) -> None:
    """What no key can start with is a mistake of the caller, not an empty answer."""
    with pytest.raises(EvidenceError, match="not the beginning of a key"):
        await store.list_keys("../")


async def test_what_is_no_json_is_not_kept(store: EvidenceStore) -> None:
    """The key stays free for a document that another program can read."""
    with pytest.raises(EvidenceError, match="not plain JSON"):
        await store.create("k.json", {"n": float("nan")})

    assert (await store.create("k.json", {"n": 1})).is_new


async def test_of_many_writers_one_wins(store: EvidenceStore) -> None:
    """Twenty writers at once leave one document, and all see the same."""
    entries = await asyncio.gather(*(store.create("k.json", {"n": n}) for n in range(20)))

    assert 1 == sum(entry.is_new for entry in entries)
    assert 1 == len({entry.document["n"] for entry in entries})


# aiohttp would rather have a stream than the bytes the SDK hands it; it says so in tests only.
@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_a_large_document_is_kept_whole(store: EvidenceStore) -> None:
    """A report of some megabytes is one document like any other."""
    document = {"rows": [{"n": number, "text": "x" * 1000} for number in range(5000)]}

    await store.create("outcome.json", document)

    assert document == await store.read("outcome.json")
