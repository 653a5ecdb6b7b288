"""A line of credit for what stands behind an artwork: title, author, source and licence.

That is what Creative Commons recommends (wiki.creativecommons.org/wiki/Recommended_practices_for_attribution, "TASL"):
what is not known is left out if it is the title, and said to be not recorded otherwise. The last sentence says what was
done with the work, since a changed work has to be called changed (legal code 4.0, section 3a1B).
"""

import re
from dataclasses import dataclass
from typing import Final

from provenance.audit.licence_held import Use

_CREATIVE_COMMONS: Final = re.compile(r"CC-(BY(?:-NC)?(?:-SA|-ND)?)-(\d\.\d)(?:-([A-Z]+))?")
_ADDRESSES: Final = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-PDM-1.0": "https://creativecommons.org/publicdomain/mark/1.0/",
}
_PLACE: Final = re.compile(
    r"creativecommons\.org/licenses/(by(?:-nc)?(?:-sa|-nd)?)/(\d\.\d)(?:/(?!deed)([a-z]{2,4})(?=/|$))?"
)
_NAME: Final = re.compile(r"[A-Za-z0-9.-]+")
_LONGEST: Final = 500
"""Characters of one part of a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """What is known of a work or model that is to be credited; all of it is claimed."""

    title: str | None
    author: str | None
    source: str | None
    licence: str
    use: Use


def credit(credited: Credited) -> str:
    """Write the line; whatever the parts hold, it is one line of text that can be printed."""
    title = _text(credited.title)
    author = _text(credited.author) or "an author who is not recorded"
    source = _text(credited.source) or "source not recorded"
    licence = _text(credited.licence)
    address = licence_address(licence)
    what = f'"{title}" by {author}' if title else f"A work by {author}"
    return f"{what} ({source}), licensed under {licence}{f' ({address})' if address else ''}. {credited.use.phrase}"


def licence_address(licence: str) -> str | None:
    """Say where the text of one SPDX licence is; None for several at once, and for licences of one's own."""
    if licence in _ADDRESSES:
        return _ADDRESSES[licence]
    if (found := _CREATIVE_COMMONS.fullmatch(licence)) is not None:
        port = f"{found[3].lower()}/" if found[3] else ""
        return f"https://creativecommons.org/licenses/{found[1].lower()}/{found[2]}/{port}"
    if _NAME.fullmatch(licence) is None or licence.startswith(("LicenseRef-", "DocumentRef-")):
        return None
    return f"https://spdx.org/licenses/{licence}.html"


def licence_at(address: str) -> str | None:
    """Name the Creative Commons licence whose text is at `address`; None for any other address or text."""
    for name, place in _ADDRESSES.items():
        if place.partition("//")[2].rstrip("/") in address:
            return name
    found = _PLACE.search(address.lower())
    return None if found is None else "-".join(part.upper() for part in ("cc", *found.groups()) if part)


def _text(value: str | None) -> str:
    """Bring any text to one line without control characters: titles come from strangers."""
    shown = "".join(letter if letter.isprintable() else " " for letter in value or "")
    line = " ".join(shown.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
