"""Evidence in a blob container, which every instance of the app shares.

A document is put with ``If-None-Match: *``, so the service itself decides a key once, for all
writers. What it cannot tell is whose document is there when the answer to a put was lost and the
put was sent again: the second one finds the key taken, by ourselves. So each call of ``create``
signs its document with an id of its own, in the blob's metadata, and looks whose signature stands
there (ADR 15). Comparing content would not do: two writers may want to keep the same words, and
only one of them may go on to start an upgrade.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, cast
from uuid import uuid4

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.core.pipeline import PipelineResponse
from azure.core.rest import AsyncHttpResponse
from azure.storage.blob import BlobType, ContentSettings
from azure.storage.blob.aio import ContainerClient

from adapters.blob_container import Container
from adapters.evidence_documents import canonical, parse_document
from adapters.evidence_keys import check_key, check_prefix, is_key
from adapters.http_errors import Answer, error_of_answer, error_of_failure
from adapters.loop_local import LoopLocal
from adapters.ports import EvidenceEntry
from domain.codec import JsonObject
from domain.errors import AccessDeniedError, EvidenceError, ServiceError

SIGNATURE = "vaultliftwrite"
"""Name of the metadata entry with the id of the call that put the blob there; C# identifiers only,
which is the service's rule for such names."""

# The first is what a put on a taken key is answered with; the others where a policy of the
# container, or a gateway, looks before the service does.
_TAKEN = {"BlobAlreadyExists", "BlobImmutableDueToPolicy", "ConditionNotMet"}
_ADVICE = {
    "ContainerNotFound": "Create the container, or correct VAULTLIFT_EVIDENCE.",
    "AuthorizationPermissionMismatch": "Give the app's identity its role on the container; a new "
    "assignment may need some minutes to spread.",
    "AuthorizationFailure": "Let the app's network reach the storage account.",
}
_LIST = b"<EnumerationResults"
_UNREADABLE = (ValueError, LookupError, AttributeError, TypeError, RecursionError)
_NOT_SIGNED_IN = (
    "Give the app its identity (AZURE_CLIENT_ID); on your own machine, sign in (az login)."
)


class EvidenceBlobs:
    """Port EvidenceStore on a blob container.

    Args:
        containers: The container, one connection per event loop.
    """

    def __init__(self, containers: LoopLocal[Container]) -> None:
        self._containers = containers

    async def create(self, key: str, document: JsonObject) -> EvidenceEntry:
        """Keeps the document unless the key is taken; gives what is there now.

        Raises:
            EvidenceError: Bad key, no plain JSON, or the container cannot be written. The document
                may be there all the same; keeping it again is safe.
        """
        check_key(key)
        content = canonical(document)
        signature = uuid4().hex
        with _explained(key):
            if await self._put(key, content, signature):
                return EvidenceEntry(document=parse_document(content, key), is_new=True)
            kept = await self._get(key)
        if kept is None:
            raise EvidenceError("taken, and yet not there", subject=key)
        there, signed_by = kept
        return EvidenceEntry(document=parse_document(there, key), is_new=signed_by == signature)

    async def read(self, key: str) -> JsonObject | None:
        """The document under the key, or None.

        Raises:
            EvidenceError: Bad key, or the blob is damaged or cannot be read.
        """
        check_key(key)
        with _explained(key):
            kept = await self._get(key)
        return None if kept is None else parse_document(kept[0], key)

    async def list_keys(self, prefix: str) -> tuple[str, ...]:
        """The keys that start with the prefix, sorted.

        Raises:
            EvidenceError: No key could start like that, or the container cannot be listed.
        """
        check_prefix(prefix)
        with _explained(prefix):
            pages = self._client.list_blob_names(
                name_starts_with=prefix, raw_response_hook=_demand_list
            )
            names = [name async for name in pages]
        return tuple(sorted(name for name in names if is_key(name)))

    async def aclose(self) -> None:
        """Closes the running loop's connections; the next use opens new ones."""
        await self._containers.aclose()

    @property
    def _client(self) -> ContainerClient:
        return self._containers.get().client

    async def _put(self, key: str, content: bytes, signature: str) -> bool:
        """Whether the put was answered with success; False: something is there."""
        try:
            await self._client.upload_blob(
                key,
                content,
                blob_type=BlobType.BLOCKBLOB,
                # Sent as If-None-Match: *, and no other way of writing is ever used here.
                overwrite=False,
                metadata={SIGNATURE: signature},
                content_settings=ContentSettings(content_type="application/json"),
                validate_content=True,
            )
        except HttpResponseError as refusal:
            if _code(_response(refusal)) not in _TAKEN:
                raise
            return False
        return True

    async def _get(self, key: str) -> tuple[bytes, str | None] | None:
        """Content and signature of a blob; None if there is none."""
        try:
            # One call, so that both are of the same blob.
            # As it was put: whatever is compressed on the way the transport unfolds.
            download = await self._client.download_blob(key, decompress=False)
            content = await download.readall()
        except HttpResponseError as refusal:
            # A container that is not there is no empty one: that would read as "nothing was sent".
            if _code(_response(refusal)) != "BlobNotFound":
                raise
            return None
        metadata = download.properties.metadata or {}
        return content, metadata.get(SIGNATURE)


def _response(failure: AzureError) -> AsyncHttpResponse | None:
    """The answer behind a failure, if there was one."""
    response = failure.response if isinstance(failure, HttpResponseError) else None
    # azure-core declares less of it than every transport gives.
    return cast("AsyncHttpResponse | None", response)


def _code(response: AsyncHttpResponse | None) -> str | None:
    """The storage service's error code, from the header: not every answer has a body."""
    return response.headers.get("x-ms-error-code") if response is not None else None


def _demand_list(response: PipelineResponse[Any, Any]) -> None:
    """Refuses a success that is no list: the SDK would take it for an empty one."""
    http = response.http_response
    if http.status_code == HTTPStatus.OK and _LIST not in http.body():
        raise ValueError("not a list of blobs")


@contextmanager
def _explained(key: str) -> Iterator[None]:
    """Within it, what the service says comes out as an error about one key."""
    try:
        yield
    except _UNREADABLE as failure:
        # A gateway's page, say: the SDK has no error of its own for what no storage service sends.
        raise EvidenceError(
            f"the evidence container: an answer that cannot be right: {failure}",
            subject=key,
            what_to_do="Look what stands between the app and the storage account.",
        ) from failure
    except AzureError as failure:
        error = _named(failure, key)
        raise EvidenceError(
            f"the evidence container: {error.message}",
            subject=key,
            request_id=error.request_id,
            what_to_do=_ADVICE.get(error.code or "", error.what_to_do),
        ) from failure


def _named(failure: AzureError, key: str) -> ServiceError:
    # As of a read, for a create as well: whether it took effect is not for the caller to find out,
    # because creating again does no harm.
    response = _response(failure)
    # The first line only: what follows repeats ids, or lists every way of signing in that failed.
    said = str(failure.message).partition("\n")[0]
    if response is None and isinstance(failure, ClientAuthenticationError):
        return AccessDeniedError(said, subject=key, what_to_do=_NOT_SIGNED_IN)
    if response is None:
        return error_of_failure(failure, subject=key, is_write=False)
    answer = Answer(
        status=response.status_code,
        headers=response.headers,
        code=_code(response),
        message=said or None,
    )
    return error_of_answer(answer, subject=key, is_write=False)
