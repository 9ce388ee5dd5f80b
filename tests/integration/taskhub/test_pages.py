"""The app's own paging against the engine and the unmodified client."""

import asyncio

import pytest

from tests.integration.taskhub.running import RunningHub
from triggers.instance_pages import engine_pages, read_wanted

VAULTS = 1_000


def is_vault(state) -> bool:
    """Whether it is no child."""
    return "." not in state.instance_id


async def fill(hub: RunningHub) -> list[str]:
    """Starts a thousand vaults, each with a child, and others between them."""
    names = [f"upgrade-{number:04}" for number in range(VAULTS)]
    for name in names:
        starts = [
            hub.client.schedule_new_orchestration("await_go", input={"vault": one}, instance_id=one)
            for one in (name, f"{name}.child", name.replace("upgrade", "other"))
        ]
        await asyncio.gather(*starts)
    return names


async def test_a_thousand_instances_come_page_by_page(hub: RunningHub) -> None:
    """Each once, with its input, a hundred at a time; children and others are passed over."""
    names = await fill(hub)
    reader = engine_pages(hub.client, "upgrade-")
    seen, sizes, token = [], [], None
    while True:
        page = await read_wanted(reader, is_vault, 100, token)
        sizes.append(len(page.states))
        seen += [state.get_input(dict)["vault"] for state in page.states]
        token = page.token
        if token is None:
            break

    assert names == seen
    assert [100] * 10 == sizes


async def test_a_token_of_elsewhere_is_refused(hub: RunningHub) -> None:
    """The engine says so, and it is not taken for an outage."""
    with pytest.raises(ValueError, match="continuation token"):
        await engine_pages(hub.client, "upgrade-")("elsewhere")
