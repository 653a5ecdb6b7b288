"""What one PNG costs behind a generator: our writer against Pillow's, in CPU time and in bytes.

Promise: at the level that the recorder uses, ours takes less CPU time than Pillow at its fastest level and makes
files at most 10 % larger than that; at level 6 it is no slower and no larger. Pictures: 256, 512 and 2048 pixels
square, of the kinds that engines make: flat shapes, smooth gradients, gradients with grain.
"""

import io
import threading
import time
import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.export.png import EXPORT_COMPRESSION, RECORD_COMPRESSION, write_png

SIDES = (256, 512, 2048)
LEVELS = (1, 3, 6, 9)


def main() -> None:
    print("           picture level  ours ms Pillow ms   time  ours kB Pillow kB   size")
    for side in SIDES:
        for kind, pixels in pictures(side).items():
            for level in LEVELS if side < 2048 else (RECORD_COMPRESSION, EXPORT_COMPRESSION):
                compare(f"{kind} {side}", pixels, level)
    threads(pictures(1024)["grain"])


def pictures(side: int) -> dict[str, NDArray[np.uint8]]:
    y, x = np.mgrid[0:side, 0:side] / side
    waves = [120 + 100 * np.sin(6 * x + 3 * y), 90 + 80 * np.cos(5 * y * x + 1), 140 + 90 * np.sin(4 * x - 7 * y)]
    smooth = np.stack(waves, axis=-1)
    grain = smooth + np.random.default_rng(7).normal(0, 4, (side, side, 1))
    flat = np.full((side, side, 3), (244, 236, 220))
    flat[np.hypot(x - 0.6, y - 0.4) < 0.25] = (222, 90, 60)
    flat[(x * 7 + y * 3) % 1 < 0.12] = (30, 34, 50)
    return {"flat": as_pixels(flat), "gradient": as_pixels(smooth), "grain": as_pixels(grain)}


def as_pixels(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.clip(values, 0, 255).astype(np.uint8)


def compare(name: str, pixels: NDArray[np.uint8], level: int) -> None:
    image = Image.fromarray(pixels)
    ours, our_size = cpu_milliseconds(lambda: by_us(pixels, level))
    theirs, their_size = cpu_milliseconds(lambda: by_pillow(image, level))
    print(
        f"{name:>18} {level:>5} {ours:>8.2f} {theirs:>9.2f} {ours / theirs:>6.2f}"
        f" {our_size / 1e3:>8.1f} {their_size / 1e3:>9.1f} {our_size / their_size:>6.2f}"
    )


def by_us(pixels: NDArray[np.uint8], level: int) -> int:
    file = io.BytesIO()
    write_png(pixels, file, compression=level)
    return file.tell()


def by_pillow(image: Image.Image, level: int) -> int:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=level)
    return file.tell()


def cpu_milliseconds(call: Callable[[], int]) -> tuple[float, int]:
    """Give the least CPU time of several calls, and the size that the call returns."""
    times: list[float] = []
    until = time.perf_counter() + 0.25
    while len(times) < 3 or (time.perf_counter() < until and len(times) < 40):
        start = time.process_time()
        size = call()
        times.append(time.process_time() - start)
    return 1e3 * min(times), size


def threads(pixels: NDArray[np.uint8]) -> None:
    """Print what a second thread gains. `zlib` alone never holds Python's lock: it shows what the machine can give."""
    image, data = Image.fromarray(pixels), pixels.tobytes()
    calls: dict[str, Callable[[], int]] = {
        "zlib": lambda: len(zlib.compress(data, 6)),
        "ours": lambda: by_us(pixels, 6),
        "Pillow": lambda: by_pillow(image, 6),
    }
    gains = {name: 2 * wall(call, 1) / wall(call, 2) for name, call in calls.items()}
    for name, gain in gains.items():
        print(
            f"two threads, {name:>6}: {gain:.2f} times the pictures of one; {gain / gains['zlib']:.2f} of zlib's gain"
        )


def wall(call: Callable[[], int], count: int) -> float:
    """Give the least wall time in which `count` threads make one picture each."""
    times: list[float] = []
    for _ in range(5):
        workers = [threading.Thread(target=call) for _ in range(count)]
        start = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
