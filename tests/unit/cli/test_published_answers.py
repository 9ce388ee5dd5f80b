"""The command reads what the published document says the app answers."""

from typing import Any

import pytest
from pydantic import BaseModel

from cli.campaign_views import AcceptedCampaign, CampaignPage, CampaignPlan, CampaignView
from cli.message_views import KeptMessageView, MessagePage, ReplayAnswer
from cli.settle_views import AcceptedSettlements, SettlementView
from cli.support_client import RetryView, SupportView
from cli.views import AcceptedRequest, UpgradePage, UpgradeView, parse
from tests.published import operation


def _example(method: str, path: str, status: int) -> Any:
    found = operation(method, path)["responses"][str(status)]["content"]["application/json"]
    (example,) = found["examples"].values()
    return example["value"]


@pytest.mark.parametrize(
    ("method", "path", "status", "model"),
    [
        ("POST", "/api/upgrades", 202, AcceptedRequest),
        ("GET", "/api/upgrades", 200, UpgradePage),
        ("GET", "/api/upgrades/x", 200, UpgradeView),
        ("GET", "/api/upgrades/x/support", 200, SupportView),
        ("POST", "/api/upgrades/x/retry", 202, RetryView),
        ("POST", "/api/campaigns", 200, CampaignPlan),
        ("POST", "/api/campaigns", 202, AcceptedCampaign),
        ("GET", "/api/campaigns", 200, CampaignPage),
        ("GET", "/api/campaigns/x", 200, CampaignView),
        ("GET", "/api/messages/rejected", 200, MessagePage),
        ("GET", "/api/messages/rejected/7", 200, KeptMessageView),
        ("POST", "/api/messages/rejected/7/replay", 202, ReplayAnswer),
        ("POST", "/api/settlements", 202, AcceptedSettlements),
        ("GET", "/api/settlements/x", 200, SettlementView),
    ],
)
def test_the_command_can_read_it(
    method: str, path: str, status: int, model: type[BaseModel]
) -> None:
    """Every member that command and document both know has the same type in both."""
    example = _example(method, path, status)
    read = parse(model, example, subject=path).model_dump(by_alias=True, mode="json")
    shared = example.keys() & read.keys()

    # A command that knows no member of an answer would read anything.
    assert shared
    assert {name: type(example[name]) for name in shared} == {
        name: type(read[name]) for name in shared
    }
