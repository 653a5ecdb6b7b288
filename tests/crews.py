"""What crews are asked in tests: their processes import this by its name."""

import os
import signal
import time
from collections.abc import Callable

from provenance.archive.archive import Archive
from provenance.errors import NotFoundError


def facts(archive: Archive) -> Callable[[int], tuple[int, int, str]]:
    """Answer with the number, the process and the archive's id; 1 takes its time."""
    uid = archive.uid

    def answer(number: int) -> tuple[int, int, str]:
        time.sleep(0.5 if number == 1 else 0)
        return number, os.getpid(), uid

    return answer


def threads(_archive: Archive) -> Callable[[str], int]:
    """Answer with how many threads a library uses."""

    def answer(name: str) -> int:
        import cv2
        import faiss
        import torch

        counts = {"torch": torch.get_num_threads, "cv2": cv2.getNumThreads, "faiss": faiss.omp_get_max_threads}
        return int(counts[name]())

    return answer


def refusing(_archive: Archive) -> Callable[[int], int]:
    """Answer until 3, which is not there."""

    def answer(number: int) -> int:
        if number == 3:
            raise NotFoundError("There is no 3. Take 2.")
        return number

    return answer


def unprepared(_archive: Archive) -> Callable[[int], int]:
    """Cannot begin."""
    raise NotFoundError("There is nothing to begin with. Bring it.")


def dying(_archive: Archive) -> Callable[[int], int]:
    """End without a word."""

    def answer(_number: int) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    return answer
