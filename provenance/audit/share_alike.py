"""Which licences an adaptation may have, as far as the licences themselves or Creative Commons' list say so.

The list is creativecommons.org/compatiblelicenses: BY-SA 4.0 may be adapted under the Free Art License 1.3 (both ways,
since 2014) and under the GPL 3.0 (one way, since 2015); for BY-NC-SA it names no licence of others. Creative Commons
licences from 2.0 on allow their own later versions and the ports of these (legal code, section 4b), so lead to 4.0.
The GPL's own clauses: GPL 3.0 section 13 (AGPL), LGPL 2.1 section 3, LGPL 3.0 section 2, MPL 2.0 section 3.3.
A licence that is not here may have clauses of its own: then only the licence itself is known to do.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

_CREATIVE_COMMONS: Final = re.compile(r"CC-(?P<family>BY-SA|BY-NC-SA)-(?P<version>\d\.\d)(-[A-Z]+)?")
_CC_VERSIONS: Final = ("1.0", "2.0", "2.1", "2.5", "3.0", "4.0")
_GNU: Final = re.compile(r"(?P<family>GPL|LGPL|AGPL|GFDL)-(?P<version>\d\.\d).*?(?P<later>-or-later)?")
_GNU_VERSIONS: Final = {
    "GPL": ("1.0", "2.0", "3.0"),
    "LGPL": ("2.0", "2.1", "3.0"),
    "AGPL": ("1.0", "3.0"),
    "GFDL": ("1.1", "1.2", "1.3"),
}
_LISTED: Final = {
    "CC-BY-SA-4.0": ("LAL-1.3", "GPL-3.0", "AGPL-3.0"),
    "LAL-1.2": ("LAL-1.3",),
    "LAL-1.3": ("CC-BY-SA-4.0",),
    "GPL-3.0": ("AGPL-3.0",),
    "LGPL-2.0": ("GPL-2.0", "GPL-3.0", "AGPL-3.0"),
    "LGPL-2.1": ("GPL-2.0", "GPL-3.0", "AGPL-3.0"),
    "LGPL-3.0": ("GPL-3.0", "AGPL-3.0"),
    "MPL-2.0": ("GPL-2.0", "GPL-3.0", "LGPL-2.1", "LGPL-3.0", "AGPL-3.0"),
}
"""What else an adaptation may have, besides the licence itself and its later versions."""


@lru_cache(maxsize=1024)
def allowed_for_adaptations(licence: str) -> frozenset[str]:
    """Name the licences that an adaptation of something under the share-alike `licence` is known to be allowed.

    `licence` is one SPDX name, with or without an exception. Ports and endings such as `-only` are left out of the
    answer: `CC-BY-SA-3.0-DE` allows `CC-BY-SA-3.0` and `CC-BY-SA-4.0`.
    """
    names = tuple(_versions(licence.partition(" WITH ")[0]))
    return frozenset([*names, *(more for name in names for more in _LISTED.get(name, ()))])


def plain_names(licence: str) -> frozenset[str]:
    """Name what `licence` is, as `allowed_for_adaptations` does; something `-or-later` is all of its versions."""
    own = licence.partition(" WITH ")[0]
    versions = list(_versions(own))
    return frozenset(versions if own.endswith("-or-later") else versions[:1])


def stays_non_commercial(licence: str) -> bool:
    """Tell whether a licence of `allowed_for_adaptations` forbids commercial use."""
    return "-NC-" in licence


def _versions(licence: str) -> Iterator[str]:
    """Give the licence's plain name, then those of the later versions that it allows."""
    if (found := _CREATIVE_COMMONS.fullmatch(licence)) is not None and found["version"] in _CC_VERSIONS:
        first = _CC_VERSIONS.index(found["version"])
        later = _CC_VERSIONS[first:] if first else _CC_VERSIONS[:1]  # version 1.0 has no such clause
        yield from (f"CC-{found['family']}-{version}" for version in later)
    elif (found := _GNU.fullmatch(licence)) is not None and found["version"] in _GNU_VERSIONS[found["family"]]:
        versions = _GNU_VERSIONS[found["family"]]
        first = versions.index(found["version"])
        later = versions[first:] if found["later"] else versions[first : first + 1]
        yield from (f"{found['family']}-{version}" for version in later)
    else:
        yield licence
