"""The evidence of policy writes: where each part of each attempt is kept, and how it is found."""

import hashlib
import re

from adapters.ports import Ports
from domain.codec import JsonObject
from domain.guards import without_guard_requests
from domain.policies import put_body
from domain.settling import PolicyChange

BEFORE, SENT, WRITE, RESULT = "before", "sent", "write", "result"
"""Parts of an attempt's evidence, in the order they are kept."""


def policy_folder(prefix: str, policy_name: str) -> str:
    """Where the evidence of one policy's change is kept, below a settlement's prefix."""
    # The digest keeps apart what the slug makes equal: names may differ in odd characters only.
    slug = re.sub(r"[^A-Za-z0-9_-]", "_", policy_name)[:60]
    digest = hashlib.sha256(policy_name.casefold().encode()).hexdigest()[:8]
    return f"{prefix}/09-policies/{slug}-{digest}"


def attempt_key(change: PolicyChange, part: str) -> str:
    """The evidence key of one part of one attempt."""
    # By attempt: what one attempt saw must not be taken for what the next one means.
    return f"{policy_folder(change.settle.prefix, change.policy_name)}/{change.label}-{part}.json"


def body_of(policy: JsonObject) -> JsonObject:
    """What counts of a policy as read: what a write would send, without the guard's requests."""
    return put_body(without_guard_requests(policy))


async def last_word(ports: Ports, folder: str) -> JsonObject | None:
    """The last thing that is known of a policy's write; None when none was tried.

    Args:
        ports: The evidence store is asked.
        folder: :func:`policy_folder` of the policy.
    """
    keys = await ports.evidence.list_keys(f"{folder}/")
    # An attempt that waited for its turn has a word as well; the latest one is what people want.
    told = [key for key in keys if key.endswith((f"-{RESULT}.json", "-write.json"))]
    if not told:
        return None
    # Of one attempt the result is the later word, and it sorts before the write.
    latest = max(told, key=lambda key: (key.rpartition("/")[2][:4], key.endswith("result.json")))
    document = await ports.evidence.read(latest)
    return None if document is None else dict(document["data"])


async def last_intention_key(ports: Ports, folder: str) -> str | None:
    """Evidence key of the last before-image, with the way back; None where nothing was prepared."""
    keys = await ports.evidence.list_keys(f"{folder}/")
    return max((key for key in keys if key.endswith(f"-{BEFORE}.json")), default=None)


async def last_intention(ports: Ports, folder: str) -> JsonObject | None:
    """The before-image and the intended document of the last attempt that was prepared."""
    key = await last_intention_key(ports, folder)
    document = await ports.evidence.read(key) if key is not None else None
    return None if document is None else dict(document["data"])
