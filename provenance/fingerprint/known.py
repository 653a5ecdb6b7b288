"""Which uids an index holds already, without a Python object for each: 8 bytes a row, beside the uids themselves."""

import numpy as np
from numpy.typing import NDArray

UID_BYTES = 32

_RECENT = 4096


class KnownUids:
    """Finds 32-byte uids among rows that only grow: most by binary search, the recent ones in a set."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._order: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._recent: set[bytes] = set()

    def fresh(self, stored: NDArray[np.uint8], offered: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Tell which rows of `offered` (m, 32) are new to `stored` (n, 32): the first of equals, in their order.

        `stored` is what was there at the last call and then perhaps more rows.
        """
        self._catch_up(stored)
        names = _names(offered)
        _, first = np.unique(names, return_index=True)
        first.sort()
        unknown = first[~self._among_sorted(stored, names[first])]
        kept = [row for row in unknown if offered[row].tobytes() not in self._recent]
        return np.array(kept, dtype=np.int64)

    def _among_sorted(self, stored: NDArray[np.uint8], names: NDArray[np.bytes_]) -> NDArray[np.bool_]:
        if not len(self._order):
            return np.zeros(len(names), dtype=bool)
        known = _names(stored[: len(self._order)])
        places = np.searchsorted(known, names, sorter=self._order)
        rows = self._order[np.minimum(places, len(self._order) - 1)]
        return np.asarray(known[rows] == names)

    def _catch_up(self, stored: NDArray[np.uint8]) -> None:
        done = len(self._order) + len(self._recent)
        if len(stored) - len(self._order) > max(_RECENT, len(self._order) // 4):
            self._order = np.argsort(_names(stored), kind="stable")
            self._recent.clear()
        else:
            self._recent.update(row.tobytes() for row in stored[done:])


def _names(uids: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    """See rows as byte texts. numpy drops zeros at their end; among texts of one length that changes no order."""
    return np.ascontiguousarray(uids).view(f"S{UID_BYTES}").ravel()
