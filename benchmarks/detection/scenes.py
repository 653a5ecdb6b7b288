"""Draw pictures that fill their frame, for the judge to learn from; of no split.

    python -m benchmarks.detection.scenes --packages FOLDER --to FOLDER

The development split is clip art and emoji: things on plain ground. Backgrounds of desktops and games by other people
are flat landscapes, soft light and patterns, with hardly a point in them, as wallpapers of the report split are; none
of these packages is a source of the corpus.

`--packages` holds Debian packages, each unpacked into a folder of its name (`dpkg-deb -x`): desktop-base
12.0.6+nmu1~deb12u1, lxqt-themes 1.2.0, xfdesktop4-data 4.18.1, lxde-common 0.99.2, sway-backgrounds 1.7,
ktuberling-data 22.12.3, debian-edu-artwork-spacefun 20220131. What is drawn lies in `--to` as the corpus does, a folder
`scenes` with its `works.csv`; all of a package count as by one creator. It needs resvg-py, as `lookalikes.py` does.
"""

import argparse
import csv
import gzip
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image

from benchmarks.detection.corpus import SCENES

_SIDE: Final = 1024
_WHERE: Final = (
    "desktop-base/usr/share/desktop-base/*-theme/wallpaper/contents/images/1920x1080.svg",
    "debian-edu-artwork-spacefun/usr/share/desktop-base/*/wallpaper/contents/images/1920x1080.svg",
    "lxqt-themes/usr/share/lxqt/wallpapers/*.*",
    "xfdesktop4-data/usr/share/backgrounds/xfce/*.*",
    "lxde-common/usr/share/lxde/wallpapers/*.jpg",
    "sway-backgrounds/usr/share/backgrounds/sway/*_Blue_1920x1080.png",
    "ktuberling-data/usr/share/ktuberling/pics/*.svg*",
)


def pictures(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Give the package, the name and the file of each picture."""
    for pattern in _WHERE:
        package = pattern.partition("/")[0]
        for path in sorted(folder.glob(pattern)):
            name = path.stem if "images" not in path.parts else path.parts[-5].removesuffix("-theme")
            yield package, f"{package}-{name}".lower().replace("_", "-"), path


def drawn(path: Path) -> Image.Image:
    """Open a picture, or draw it."""
    if path.suffix not in {".svg", ".svgz"}:
        return Image.open(path).convert("RGB")
    import resvg_py

    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".svgz" else data).decode("utf-8")
    pixels = resvg_py.svg_to_bytes(svg_string=text, width=_SIDE, background="#ffffff")
    return Image.open(BytesIO(bytes(pixels))).convert("RGB")


def main() -> int:
    """Draw all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    asked = parser.parse_args()
    images = asked.to / SCENES / "images"
    images.mkdir(parents=True, exist_ok=True)
    rows = []
    for package, name, path in pictures(asked.packages):
        picture = drawn(path)
        picture.thumbnail((_SIDE, _SIDE))
        picture.save(images / f"{name}.png")
        rows.append((f"images/{name}.png", name, package, "", ""))
    with (asked.to / SCENES / "works.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("file", "title", "creator", "licence", "series"))
        table.writerows(rows)
    print(f"{len(rows)} drawn")
    return 0


if __name__ == "__main__":
    sys.exit(main())
