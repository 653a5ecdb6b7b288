"""Draw sets of emoji that several hands drew after one list of names, for the judge to learn from; of no split.

    python -m benchmarks.detection.lookalikes --packages FOLDER --to FOLDER

Two stars or two pairs of scissors by different people are alike in truth, and no copies. The development split has
hardly any, so that a judge that learns from it alone trusts what such designs have in common. These sets are another
source than any that is reported on.

`--packages` holds the unpacked npm packages @iconify-json/twemoji 1.2.5 (CC BY 4.0), @iconify-json/noto 1.2.9 (Apache
2.0) and @iconify-json/fluent-emoji-flat 1.2.6 (MIT), each in a folder by its last name. What is drawn lies in `--to` as
the corpus does, a folder a set with its `works.csv`. It needs resvg-py, which nothing else here does:
`pip install resvg-py==0.5.0`.

Left out is what is no drawing of anybody's own: flags, signs and letters, clock faces, plain discs; yellow faces and
busts, which are one template to everybody; and all skin tones but the usual.
"""

import argparse
import csv
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks.detection.corpus import LOOKALIKES

_VERSIONS: Final = {"twemoji": "1.2.5", "noto": "1.2.9", "fluent-emoji-flat": "1.2.6"}
_COUNT: Final = 400
_SIDE: Final = 512
_CATEGORIES: Final = (
    "Activities",
    "Animals & Nature",
    "Food & Drink",
    "Objects",
    "People & Body",
    "Smileys & Emotion",
    "Travel & Places",
)
_NOT: Final = re.compile(
    r"skin-tone|-(light|medium|dark)$|medium-(light|dark)|-face\b|^face-|\bface$|o-?clock|-thirty$|moon|circle|"
    r"square|globe|ball|tennis|^(man|woman|person|men|women|people|child|boy|girl|older|old|deaf|mx-claus|family|couple|kiss)\b"
)


def names(folder: Path, package: str) -> list[str]:
    """Choose `_COUNT` names of a package, by a hash."""
    held: dict[str, list[str]] = _read(folder / package / "metadata.json")["categories"]
    found = {name for category in _CATEGORIES for name in held.get(category, ()) if not _NOT.search(name)}
    return sorted(found, key=lambda name: hashlib.sha256(f"{package} {name}".encode()).digest())[:_COUNT]


def drawing(icons: dict[str, Any], name: str) -> str:
    """Give the SVG of an icon."""
    icon = icons["icons"][name]
    left, top = icon.get("left", 0), icon.get("top", 0)
    width, height = (icon.get(side, icons.get(side, 16)) for side in ("width", "height"))
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {spaces} viewBox="{left} {top} {width} {height}">{icon["body"]}</svg>'


def main() -> int:
    """Draw all sets."""
    import resvg_py

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    asked = parser.parse_args()
    for package in LOOKALIKES:
        version = _read(asked.packages / package / "package.json")["version"]
        if version != _VERSIONS[package]:
            print(f"{package} is of version {version}; the judge learnt from {_VERSIONS[package]}.", file=sys.stderr)
        icons = _read(asked.packages / package / "icons.json")
        about = _read(asked.packages / package / "info.json")
        images = asked.to / package / "images"
        images.mkdir(parents=True, exist_ok=True)
        chosen = [name for name in names(asked.packages, package) if name in icons["icons"]]
        for name in chosen:
            svg = drawing(icons, name)
            pixels = resvg_py.svg_to_bytes(svg_string=svg, width=_SIDE, height=_SIDE, background="#ffffff")
            (images / f"{name}.png").write_bytes(bytes(pixels))
        with (asked.to / package / "works.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(("file", "title", "creator", "licence", "series"))
            licence = about["license"]["spdx"]
            rows = ((f"images/{name}.png", name.replace("-", " "), about["author"]["name"]) for name in chosen)
            table.writerows((*row, licence, "") for row in rows)
        print(f"{package}: {len(chosen)} drawn")
    return 0


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    sys.exit(main())
