"""What can be told from the edges of a walk alone: how well each way is known, and where edges run in a circle."""

from collections.abc import Sequence

from provenance.archive.graph import LAST_ONLY, Walked
from provenance.words import Truth


def truths(start: int, edges: Sequence[Walked], *, upwards: bool) -> dict[int, Truth]:
    """Give each node the level of the best way to it from `start`; a way has the level of its weakest edge.

    This is the widest path (Pollack, "The maximum capacity through a network", 1960): all that the edges of the
    highest level reach has it, then what those of the next reach besides, and so on.
    """
    best = {start: max(Truth)}
    onward: dict[int, list[int]] = {}
    for level in sorted(Truth, reverse=True):
        waiting: list[int] = []
        name = level.value
        for child, role, parent, truth in edges:
            if truth == name and not (upwards and role == LAST_ONLY):
                here, there = (child, parent) if upwards else (parent, child)
                onward.setdefault(here, []).append(there)
                if here in best:
                    waiting.append(here)
        while waiting:
            new = [row for row in onward.get(waiting.pop(), ()) if row not in best]
            best |= dict.fromkeys(new, level)
            waiting += new
    return best | (_last_steps(best, edges) if upwards else {})


def _last_steps(best: dict[int, Truth], edges: Sequence[Walked]) -> dict[int, Truth]:
    """Tell what the steps improve or add that only end a way."""
    ends: dict[int, Truth] = {}
    for child, role, parent, truth in edges:
        if role == LAST_ONLY:
            known = [level for level in (best.get(parent), ends.get(parent)) if level is not None]
            ends[parent] = max([Truth.lowest(best[child], Truth(truth)), *known])
    return ends


def circles(edges: Sequence[Walked]) -> list[list[int]]:
    """Find the nodes that come from each other: each group in the order of rows, the groups too.

    What an archive records itself has no circle; what an import claims may have one.
    """
    children = {edge[0] for edge in edges}
    # Rows are numbered as they come, so on a circle some child is older than its parent.
    if any(child <= parent and parent in children for child, _, parent, _ in edges):
        return _strong_components(edges)
    return []


def _strong_components(edges: Sequence[Walked]) -> list[list[int]]:
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = np.array([(child, parent) for child, _, parent, _ in edges], dtype=np.int64)
    rows, ends = np.unique(pairs, return_inverse=True)
    ends = ends.reshape(-1, 2)
    graph = coo_array((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=(len(rows), len(rows)))
    _, component = connected_components(graph, directed=True, connection="strong")
    groups: dict[int, list[int]] = {}
    for row, its in zip(rows.tolist(), component.tolist(), strict=True):
        groups.setdefault(its, []).append(row)
    alone = {child for child, _, parent, _ in edges if child == parent}
    return sorted(group for group in groups.values() if len(group) > 1 or group[0] in alone)
