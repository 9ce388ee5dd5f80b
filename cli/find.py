"""Finds the upgrade somebody means by a vault's name."""

import re

from cli.api_client import ApiClient
from domain.errors import InvalidInputError, NotFoundError, Problem

# The whole form: a vault may well be named upgrade-test.
_UPGRADE_ID = re.compile(r"upgrade-[0-9a-f]{32}")


def find_upgrade(client: ApiClient, vault: str) -> str:
    """The id of an upgrade, given that id or the vault's name.

    Raises:
        NotFoundError: The app knows no upgrade of a vault of that name.
        InvalidInputError: It knows several.
    """
    if _UPGRADE_ID.fullmatch(vault):
        return vault
    wanted = vault.casefold()
    found = [
        view for view in client.list_upgrades() if wanted in {view.vault.name.casefold(), view.id}
    ]
    if not found:
        raise NotFoundError(
            "no upgrade of a vault of that name",
            subject=vault,
            what_to_do="See `vaultlift status --all`.",
        )
    # Names repeat across subscriptions and regions, and an answer is about one vault only.
    if len(found) > 1:
        problems = [
            Problem(
                where=view.id,
                field="VAULT",
                message=f"{view.vault.region}, subscription {view.vault.subscription_id}",
                vault=view.vault.name,
            )
            for view in found
        ]
        raise InvalidInputError(problems, subject=f"several vaults are named {vault}")
    return found[0].id
