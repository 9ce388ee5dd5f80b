"""Windows time-zone ids: which exist, and how they are recognised.

The service keeps Windows ids in policies and publishes no list of them (recovery-services 12). Ids
are accepted in any case and written in their canonical spelling.
"""

import difflib
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import tz_win, win_tz

_DROPPED_FROM_CLDR = {
    # Windows still ships both ids; the Unicode table no longer lists them (recovery-services 12).
    "Mid-Atlantic Standard Time": "Etc/GMT+2",
    "Kamchatka Standard Time": "Asia/Kamchatka",
}

_IANA_BY_WINDOWS = {**win_tz, **_DROPPED_FROM_CLDR}

_IANA_ALIASES = {
    # Names of the tz database that the Unicode table leaves out (recovery-services 12).
    "CST6CDT": "Central Standard Time",
    "EST5EDT": "Eastern Standard Time",
    "MST7MDT": "Mountain Standard Time",
    "PST8PDT": "Pacific Standard Time",
    "GMT": "UTC",
    "Europe/Uzhgorod": "FLE Standard Time",
    "Europe/Zaporozhye": "FLE Standard Time",
    "US/East-Indiana": "US Eastern Standard Time",
    # Places that changed their clocks and not their row in the table, which names the zone they
    # left.
    "America/Scoresbysund": "Greenland Standard Time",
    "Antarctica/Casey": "W. Australia Standard Time",
    "Antarctica/Vostok": "West Asia Standard Time",
}

_DISPLAY_NAMES = {
    # The name the portal shows; read as UTC, never written.
    "coordinated universal time": "UTC",
}

RECENT_ZONES = frozenset(
    {"Alberta Standard Time", "British Columbia Standard Time", "Manitoba Standard Time"}
)
"""Ids so new that the service may not know them yet and may refuse a policy that names one."""

REMEMBERED = 256
"""Misspelt zones whose neighbours are kept: many more than one list has."""

LONGEST_GUESS = 100
"""Characters of a text that may be a misspelt zone; no zone has half as many."""


@cache
def _by_folded_windows_id() -> dict[str, str]:
    return {zone.casefold(): zone for zone in _IANA_BY_WINDOWS} | _DISPLAY_NAMES


@cache
def _by_folded_iana_id() -> dict[str, str]:
    return {iana.casefold(): zone for iana, zone in (tz_win | _IANA_ALIASES).items()}


def windows_zones() -> tuple[str, ...]:
    """Every canonical Windows id known, sorted."""
    return tuple(sorted(_IANA_BY_WINDOWS))


def find_windows_zone(text: str) -> str | None:
    """The canonical Windows id that ``text`` spells in any case, as a policy may hold it.

    None for anything else; an IANA id inside a policy is not valid (recovery-services 12).
    """
    return _by_folded_windows_id().get(text.strip().casefold())


def find_zone(text: str) -> str | None:
    """The canonical Windows id a person means: a Windows id or an IANA id, in any case."""
    return find_windows_zone(text) or _by_folded_iana_id().get(text.strip().casefold())


def _stem(text: str) -> str:
    # Every Windows id ends alike; only what stands before tells them apart.
    return text.strip().casefold().removesuffix(" time").removesuffix(" standard")


# Remembered, because a list repeats its mistakes: each look compares hundreds of names, and one for
# every row of ten thousand kept the app from everything else for minutes.
@lru_cache(REMEMBERED)
def nearest_zones(text: str, limit: int = 3) -> tuple[str, ...]:
    """Windows ids that look like ``text``, or like the IANA id or city it may be, best first."""
    if len(text) > LONGEST_GUESS:
        return ()
    windows = {_stem(name): zone for name, zone in _by_folded_windows_id().items()}
    iana = _by_folded_iana_id()
    cities = {name.rpartition("/")[2].replace("_", " "): zone for name, zone in iana.items()}
    # Windows ids first: a person who writes half of one wants that one, not a far island's.
    found: dict[str, None] = {}
    for names in (windows, cities | iana):
        for name in difflib.get_close_matches(_stem(text), names, n=limit, cutoff=0.6):
            found.setdefault(names[name])
    return tuple(found)[:limit]


def require_zone(text: str) -> str:
    """The canonical Windows id for ``text``.

    Raises:
        ValueError: No such zone; the message names the nearest ones.
    """
    # IANA ids are taken from people only. They are turned into Windows ids here, because the
    # service knows no others (recovery-services 12).
    zone = find_zone(text)
    if zone is not None:
        return zone
    near = nearest_zones(text)
    hint = f"; nearest: {', '.join(near)}" if near else ""
    raise ValueError(f"{text!r} is not a Windows or IANA time zone{hint}")


@cache
def zone_info(windows_id: str) -> ZoneInfo:
    """The rules of a canonical Windows id.

    Raises:
        KeyError: Not a canonical Windows id; resolve it with :func:`find_windows_zone` first.
    """
    return ZoneInfo(_IANA_BY_WINDOWS[windows_id])
