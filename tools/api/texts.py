"""Every route's description, by the name of the registered function."""

from collections.abc import Mapping

from tools.api import campaigns, messages, settlements, upgrades
from tools.api.model import RouteText

TEXTS: Mapping[str, RouteText] = {
    **upgrades.TEXTS,
    **campaigns.TEXTS,
    **settlements.TEXTS,
    **messages.TEXTS,
}
