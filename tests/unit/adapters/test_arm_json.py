"""Links between the pages of plain ARM lists lead where the first page came from."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.arm_json import ArmJson
from adapters.loop_local import LoopLocal
from domain.errors import UnexpectedAnswerError
from tests.fakes import FakeClock


@dataclass
class _Page:
    """One answer."""

    document: dict[str, Any]
    status_code: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        return json.loads(json.dumps(self.document))


class _Arm:
    """Clients and client at once: two pages, the first with a link."""

    arm_endpoint = "https://management.azure.com"

    def __init__(self, link: str) -> None:
        self._pages = [_Page({"value": [{"n": 1}], "nextLink": link}), _Page({"value": [{"n": 2}]})]

    def arm_reader(self) -> "_Arm":
        return self

    def format_url(self, url: str) -> str:
        return url

    async def send_request(self, _request: Any) -> _Page:
        return self._pages.pop(0)

    async def aclose(self) -> None:
        return None


async def _read(link: str) -> list[int]:
    arm: Any = LoopLocal(lambda: _Arm(link), _Arm.aclose)
    reading = await ArmJson(arm, FakeClock()).read_pages("/groups", {})
    return [row["n"] for row in reading.value]


@pytest.mark.parametrize("host", ["management.azure.com", "Management.Azure.com:443"])
async def test_the_own_host_may_be_spelt_with_its_port(host: str) -> None:
    """Services write it both ways."""
    assert [1, 2] == await _read(f"https://{host}/groups?page=2")


@pytest.mark.parametrize(
    "link",
    [
        "https://management.azure.com:444/x",
        "http://management.azure.com/x",
        "https://u:p@management.azure.com/x",
        "https://management.azure.com.evil.example/x",
        "https://[::1",
        "no address",
    ],
)
async def test_every_other_place_is_refused(link: str) -> None:
    """The token would go along."""
    with pytest.raises(UnexpectedAnswerError, match="another host"):
        await _read(link)
