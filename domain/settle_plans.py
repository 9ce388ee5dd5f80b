"""The changes of a settlement as one thing that can be approved."""

import hashlib
import json
from collections.abc import Iterable

from domain.documents import Difference
from domain.requests import TimeZoneMode
from domain.vaults import VaultRef


def change_sentence(policy_name: str, differences: Iterable[Difference]) -> str:
    """What would be written to one policy; the same words before an approval and after it."""
    places = ", ".join(f"{one.path} from {one.before} to {one.after}" for one in differences)
    return f"{policy_name}: {places}"


def changes_hash(vault: VaultRef, mode: TimeZoneMode, changes: tuple[str, ...]) -> str:
    """SHA-256 of what would be written, 64 hex digits; the same changes give the same hash.

    Args:
        vault: The vault they are about.
        mode: Whether clock times or moments stay.
        changes: One sentence for each write, with its place, the value before and after.
    """
    # Sorted: the service may list the policies in another order the next time.
    content = [vault.arm_id.casefold(), str(mode), sorted(changes)]
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
