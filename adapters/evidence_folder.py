"""Evidence in a folder: each document a file that appears whole or not at all.

A document is written under a name no key can have, forced to the disk, and then linked to its key.
Linking fails when the key is taken, on every process alike, so a key is decided once whoever is
killed when. For one machine; a blob container takes the folder's place where several share the
store.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from adapters.evidence_documents import canonical, parse_document
from adapters.evidence_keys import check_key, check_prefix, is_key
from adapters.ports import EvidenceEntry
from domain.codec import JsonObject
from domain.errors import EvidenceError

_UNFINISHED = ".unfinished-"
"""Prefix of files not linked yet; keys never start with a dot, so none is ever listed."""


class EvidenceFolder:
    """Port EvidenceStore on a local file system that knows hard links.

    Args:
        root: The folder; made when the first document is kept.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    async def create(self, key: str, document: JsonObject) -> EvidenceEntry:
        """Keeps the document unless the key is taken; gives what is there now.

        Raises:
            EvidenceError: Bad key, no plain JSON, or the folder cannot be written.
        """
        path = self._path(key)
        content = canonical(document)
        # File calls wait for the disk, so they go to a thread and the loop stays free.
        with _explained(key):
            is_new = await asyncio.to_thread(_create, path, self._root, content)
        if is_new:
            return EvidenceEntry(document=parse_document(content, key), is_new=True)
        # Never overwritten: the first writer's document is what happened (DESIGN rule 8).
        kept = await self.read(key)
        if kept is None:
            raise EvidenceError("taken, and yet not there", subject=key)
        return EvidenceEntry(document=kept, is_new=False)

    async def read(self, key: str) -> JsonObject | None:
        """The document under the key, or None.

        Raises:
            EvidenceError: Bad key, or the file is damaged or cannot be read.
        """
        path = self._path(key)
        with _explained(key):
            try:
                content = await asyncio.to_thread(path.read_bytes)
            except FileNotFoundError:
                return None
        return parse_document(content, key)

    async def list_keys(self, prefix: str) -> tuple[str, ...]:
        """The keys that start with the prefix, sorted.

        Raises:
            EvidenceError: No key could start like that, or the folder cannot be read.
        """
        # The prefix may end inside a name; the folder above it is what can be listed.
        folder = check_prefix(prefix).rpartition("/")[0]
        with _explained(prefix):
            keys = await asyncio.to_thread(_keys, self._root / folder, self._root)
        return tuple(sorted(key for key in keys if key.startswith(prefix)))

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)


@contextmanager
def _explained(key: str) -> Iterator[None]:
    """Within it, what the file system says comes out as an error about one key."""
    try:
        yield
    except OSError as error:
        raise EvidenceError(
            f"the evidence folder: {error}",
            subject=key,
            what_to_do="Check that the folder is writable and on a disk with hard links.",
        ) from error


def _create(path: Path, root: Path, content: bytes) -> bool:
    _make_folders(path.parent, root)
    # Written aside first: a reader, or a kill, must never meet half a document.
    unfinished = path.with_name(f"{_UNFINISHED}{uuid4().hex}")
    try:
        _write_through(unfinished, content)
        try:
            # The one step that decides: atomic, and refused when the name is taken.
            os.link(unfinished, path)
            is_new = True
        except FileExistsError:
            is_new = False
    finally:
        # Not there when writing it failed before it began.
        with suppress(FileNotFoundError):
            unfinished.unlink()
    # Also when it was there already: its writer may have been killed before this very line.
    _sync_folder(path.parent)
    return is_new


def _write_through(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        # The intent to start must be on the disk before the start is sent (DESIGN rule 1).
        os.fsync(file.fileno())


def _make_folders(folder: Path, root: Path) -> None:
    # One by one, because a folder lasts only once the folder that holds it is on the disk.
    if folder.is_dir():
        return
    if folder != root:
        _make_folders(folder.parent, root)
        folder.mkdir(exist_ok=True)
    else:
        folder.mkdir(parents=True, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows has no way to force a folder to the disk.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _keys(folder: Path, root: Path) -> list[str]:
    files = (path for path in folder.rglob("*.json") if path.is_file())
    names = (path.relative_to(root).as_posix() for path in files)
    return [name for name in names if is_key(name)]
