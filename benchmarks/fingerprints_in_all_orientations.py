"""Promise: a picture's fingerprints cost a third at most of what imagehash takes for the same bits.

Both sides start from the same decoded picture, and make the 64-bit and the 256-bit perceptual hash in all eight
orientations: ours by `fingerprint_all`, imagehash by `phash` of the picture turned by Pillow. Rounds alternate;
times are CPU milliseconds of one core, the median with the least and the most. No bit may differ.

Then the share of each part in taking a picture in. Run: `python benchmarks/fingerprints_in_all_orientations.py
[FOLDER [COUNT]]`; with a folder also over COUNT (default 60) of its pictures.
"""

import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from time import process_time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.digest import Digest
from provenance.fingerprint import fingerprint_all
from provenance.fingerprint.cosine import cosine_bits, firm_share
from provenance.fingerprint.grid import grey_squares
from provenance.picture import Picture

ROUNDS = 15
PROMISE = 3.0
TURNS = (
    None,
    Image.Transpose.FLIP_LEFT_RIGHT,
    Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.ROTATE_180,
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSVERSE,
)


def main() -> int:
    kept = True
    for side in (512, 1024):
        kept &= compare(f"{side} x {side} painted", [painted(side)], ROUNDS)
        parts(f"{side} x {side}, PNG", [png(painted(side))], ROUNDS)
    if len(sys.argv) > 1:
        files = pick(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 60)
        kept &= compare(f"{len(files)} files", [Picture.open(data) for data in files], 3)
        parts(f"{len(files)} files", files, 3)
    print("kept" if kept else "BROKEN")
    return 0 if kept else 1


def compare(what: str, pictures: Sequence[Picture], rounds: int) -> bool:
    """Time both sides in turns and count the bits that differ."""
    sides: Mapping[str, Callable[[Picture], NDArray[np.uint8]]] = {"ours": ours, "imagehash": theirs}
    times: dict[str, list[float]] = {name: [] for name in sides}
    differing = sum(int(np.bitwise_count(ours(p) ^ theirs(p)).sum()) for p in pictures)
    for _ in range(rounds):
        for name, make in sides.items():
            times[name].append(clocked(lambda make=make: [make(p) for p in pictures]) / len(pictures))  # type: ignore[misc]
    ratio = median(times["imagehash"]) / median(times["ours"])
    spread = sorted(theirs / ours for ours, theirs in zip(times["ours"], times["imagehash"], strict=True))
    print(f"{what}: 8 orientations x (64 + 256) bits, CPU ms a picture, {rounds} rounds")
    for name, values in times.items():
        print(f"  {name:10} {median(values):8.2f}  ({min(values):.2f} to {max(values):.2f})")
    print(f"  imagehash takes {ratio:.1f} times as long ({spread[0]:.1f} to {spread[-1]:.1f}); promised: {PROMISE:.0f}")
    print(f"  bits that differ: {differing} of {len(pictures) * 8 * (64 + 256):,}")
    return ratio >= PROMISE and differing == 0


def parts(what: str, files: Sequence[bytes], rounds: int) -> None:
    """Time each part of taking a picture in."""
    names = ("decode", "grey and resize", "cosine transforms", "pixel digest", "file digest")
    times: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        spent = dict.fromkeys(names, 0.0)
        for data in files:
            picture, squares = Picture.open(data), grey_squares(Picture.open(data), [32, 64])
            spent["decode"] += clocked(lambda data=data: Picture.open(data))  # type: ignore[misc]
            spent["grey and resize"] += clocked(lambda picture=picture: grey_squares(picture, [32, 64]))  # type: ignore[misc]
            spent["cosine transforms"] += clocked(lambda squares=squares: transform(squares))  # type: ignore[misc]
            spent["pixel digest"] += clocked(lambda picture=picture: picture.digest)  # type: ignore[misc]
            spent["file digest"] += clocked(lambda data=data: Digest.of(data))  # type: ignore[misc]
        for name, value in spent.items():
            times[name].append(value / len(files))
    total = sum(median(values) for values in times.values())
    print(f"{what}: CPU ms a picture, and its share")
    for name, values in times.items():
        print(f"  {name:18} {median(values):8.2f}  {median(values) / total:5.0%}")


def ours(picture: Picture) -> NDArray[np.uint8]:
    fingerprints = fingerprint_all(picture)
    return np.hstack([fingerprints["phash8_v1"].matrix, fingerprints["phash16_v1"].matrix])


def theirs(picture: Picture) -> NDArray[np.uint8]:
    image = picture.on_white()
    turned = [image if turn is None else image.transpose(turn) for turn in TURNS]
    hashes = [[imagehash.phash(one, hash_size=side).hash.ravel() for one in turned] for side in (8, 16)]
    return np.hstack([np.packbits(rows, axis=1) for rows in hashes])


def transform(squares: Mapping[int, NDArray[np.uint8]]) -> None:
    for square in squares.values():
        cosine_bits(square)
        firm_share(square)


def painted(side: int) -> Picture:
    coarse = Image.fromarray(np.random.default_rng(side).integers(0, 256, (23, 17, 3), dtype=np.uint8))
    return Picture(np.array(coarse.resize((side, side), Image.Resampling.BICUBIC)))


def png(picture: Picture) -> bytes:
    file = io.BytesIO()
    picture.image().save(file, "PNG")
    return file.getvalue()


def pick(folder: Path, count: int) -> list[bytes]:
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".png", ".jpg", ".webp"})
    chosen = files[:: max(1, len(files) // count)][:count]
    return [path.read_bytes() for path in chosen]


def clocked(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return 1000 * (process_time() - start)


if __name__ == "__main__":
    sys.exit(main())
