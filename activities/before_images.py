"""Keeps what a classic vault looked like before its upgrade: nobody can look at it afterwards.

Resource Manager shows machines, policies and storage of a classic vault until it is upgraded
(vault-upgrade 1.7, 2.7). The image is for people who compare, and for the names of machines that do
not show any more; nothing else rests on it.
"""

from collections.abc import Awaitable, Callable

from activities.attempts import attempt
from activities.evidence import keep_step
from adapters.ports import Ports
from domain.codec import JsonObject, to_json
from domain.lost_machines import registered_machines
from domain.readings import FailedRead
from domain.steps import PrecheckRequest
from domain.vaults import Reading

BEFORE_IMAGE = "02-before-image"
"""Its step in the run's evidence."""


async def keep_before_image(ports: Ports, request: PrecheckRequest) -> tuple[str, ...]:
    """Keeps the image of the first look; gives what could not be read for it.

    Raises:
        EvidenceError: It could not be kept.
    """
    kept = await ports.evidence.read(f"{request.run.prefix}/{BEFORE_IMAGE}.json")
    if kept is None:
        image = await _image(ports, request)
        kept = (await keep_step(ports, request.run, BEFORE_IMAGE, image)).document
    # Of the first look always: a plan must not change because a later one goes better.
    return tuple(kept["data"]["unread"])


async def machines_before(ports: Ports, prefix: str) -> frozenset[str]:
    """The machines a vault had before the upgrade of this run, without those the run gave up.

    Args:
        ports: The evidence store is asked.
        prefix: Where the evidence of the run is kept; a settlement by itself has no image there.
    """
    image = await ports.evidence.read(f"{prefix}/{BEFORE_IMAGE}.json")
    request = await ports.evidence.read(f"{prefix}/01-request.json")
    if image is None or request is None:
        return frozenset()
    given_up = {str(one).casefold() for one in request["data"].get("unregister_machines", ())}
    rows = (image["data"].get("machines") or {}).get("value", ())
    names = {machine.name for machine in registered_machines("", rows)}
    return frozenset(name for name in names if name.casefold() not in given_up)


async def _image(ports: Ports, request: PrecheckRequest) -> JsonObject:
    contents = ports.classic_contents
    vault = await attempt("the classic vault", contents.find_vault(request.classic))
    # No upgrade is held up by it: the image is for people, and they are told that it is missing.
    if isinstance(vault, FailedRead):
        return {"vaultId": None, "unread": [f"{vault.what}: {vault.reason}"]}
    parts: dict[str, Callable[[str], Awaitable[Reading[object]]]] = {
        "machines": contents.list_machines,
        "policies": contents.list_policies,
        "storage": contents.read_storage,
    }
    image: JsonObject = {"vaultId": vault.value, "unread": []}
    for name, part in parts.items():
        read = await attempt(name, part(vault.value))
        if isinstance(read, FailedRead):
            image["unread"].append(f"{name}: {read.reason}")
        else:
            image[name] = {"value": to_json(read.value), "provenance": to_json(read.provenance)}
    return image
