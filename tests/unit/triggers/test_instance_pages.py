"""Pages of instances: every wanted one once, whatever lies between, and at a linear cost."""

from collections import Counter

import grpc
import pytest
from durabletask.client import OrchestrationState, OrchestrationStatus
from durabletask.internal import orchestrator_service_pb2 as pb

from tests.fake_hub_pages import FakeHubPages
from tests.samples import NOON
from triggers.instance_pages import engine_pages, read_wanted

ENGINE_PAGE = 100


def state(instance_id: str) -> OrchestrationState:
    """An instance without payloads."""
    running = OrchestrationStatus.RUNNING
    return OrchestrationState(instance_id, "some", running, NOON, NOON, None, None, None, None)


class Hub(FakeHubPages):
    """A hub of vaults, each with children, and of other instances."""

    def __init__(self, vaults: int, children: int = 0) -> None:
        super().__init__(lambda: self.states)
        self.states: list[OrchestrationState] = []
        for number in range(vaults):
            self.states.append(state(f"vault-{number:05}"))
            self.states += [state(f"vault-{number:05}.child-{one}") for one in range(children)]
            self.states.append(state(f"other-{number:05}"))

    async def all_pages(self, limit: int, engine_page: int = ENGINE_PAGE) -> list[list[str]]:
        """The ids of every page, read as a client reads them."""
        pages, token = [], None
        while True:
            page = await read_wanted(
                engine_pages(self, "vault-", engine_page), is_vault, limit, token
            )
            pages.append([one.instance_id for one in page.states])
            token = page.token
            if token is None:
                return pages


def is_vault(one: OrchestrationState) -> bool:
    """Whether it is no child."""
    return "." not in one.instance_id


def ids(count: int) -> list[str]:
    """The ids of so many vaults."""
    return [f"vault-{number:05}" for number in range(count)]


@pytest.mark.parametrize("children", [0, 1, 7])
@pytest.mark.parametrize("limit", [1, 3, 10, 100])
async def test_every_wanted_instance_comes_once(limit: int, children: int) -> None:
    """In the engine's order, and no page is larger than asked for."""
    pages = await Hub(23, children).all_pages(limit, engine_page=5)

    assert ids(23) == [one for page in pages for one in page]
    assert max(map(len, pages)) <= limit


@pytest.mark.parametrize("vaults", [1_000, 4_000])
async def test_a_thousand_vaults_cost_so_many_times_one(vaults: int) -> None:
    """Each page of the engine's is read at most twice, however large the estate is."""
    hub = Hub(vaults, children=3)
    pages = await hub.all_pages(limit=100)

    assert ids(vaults) == [one for page in pages for one in page]
    assert hub.read <= 2 * 4 * vaults


async def test_pages_are_full_though_children_lie_between() -> None:
    """Whoever asks for a hundred gets a hundred while there are so many."""
    pages = await Hub(250, children=9).all_pages(limit=100)

    assert [100, 100, 50] == [len(page) for page in pages]


async def test_no_instances_are_one_empty_page() -> None:
    """With nothing to go on with."""
    assert [[]] == await Hub(0).all_pages(limit=10)


async def test_a_last_page_that_is_exactly_full_leads_nowhere() -> None:
    """Nobody is sent on to an empty page."""
    pages = await Hub(10).all_pages(limit=10, engine_page=10)

    assert [10] == [len(page) for page in pages]


async def test_what_begins_meanwhile_moves_nothing() -> None:
    """A vault that is handed in between two pages comes at the end, and no other comes twice."""
    hub = Hub(20)
    reader = engine_pages(hub, "vault-", 7)
    first = await read_wanted(reader, is_vault, 5)
    hub.states.append(state("vault-99999"))
    seen, token = [one.instance_id for one in first.states], first.token
    while token is not None:
        page = await read_wanted(reader, is_vault, 5, token)
        seen += [one.instance_id for one in page.states]
        token = page.token

    assert [*ids(20), "vault-99999"] == seen


async def test_purging_the_last_one_shown_hides_nothing() -> None:
    """What cannot be found again is begun anew: shown twice at worst, never left out."""
    hub = Hub(8)
    reader = engine_pages(hub, "vault-", 100)
    first = await read_wanted(reader, is_vault, 3)
    del hub.states[hub.states.index(next(s for s in hub.states if s.instance_id == ids(3)[-1]))]
    rest = await read_wanted(reader, is_vault, 100, first.token)

    seen = Counter(one.instance_id for page in (first, rest) for one in page.states)
    assert set(ids(8)) == set(seen)


async def test_an_engine_that_is_away_is_no_bad_token() -> None:
    """Only what is wrong with the request is the caller's mistake."""
    nothing = grpc.aio.Metadata()

    class Away(Hub):
        async def QueryInstances(self, request: pb.QueryInstancesRequest) -> None:  # noqa: N802
            raise grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, nothing, nothing)

    with pytest.raises(grpc.aio.AioRpcError):
        await engine_pages(Away(1), "vault-")(None)
