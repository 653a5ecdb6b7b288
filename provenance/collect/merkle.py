"""One digest over a set of works, and the proof for a stranger that a work was in it.

The tree of RFC 6962 section 2.1 (the same in RFC 9162): its leaves are the uids of the works in ascending order, so
that the root says what is in a dataset, whatever the order in which it came.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from provenance.digest import Json
from provenance.errors import NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """The proof that a work is in a dataset: who knows the root can check it without the dataset."""

    uid: str
    """The leaf hash of the work, 64 hex digits."""
    index: int
    """The place of the leaf among the sorted ones, from 0."""
    size: int
    """How many works the dataset has."""
    path: tuple[str, ...]
    """The hashes on the way up, from the leaf's sibling on, 64 hex digits each."""
    root: str
    """The dataset's Merkle root, 64 hex digits; compare it with the one that you trust."""

    def holds(self) -> bool:
        """Check the proof by the steps of RFC 9162 section 2.1.3.2; False too when a part is not well formed."""
        try:
            leaf, root = bytes.fromhex(self.uid), bytes.fromhex(self.root)
            path = [bytes.fromhex(text) for text in self.path]
        except ValueError:
            return False
        return is_included(leaf, self.index, self.size, path, root)

    def record(self) -> dict[str, Json]:
        """Write the proof as plain JSON values."""
        return {
            "uid": self.uid,
            "index": self.index,
            "size": self.size,
            "path": list(self.path),
            "root": self.root,
        }


def dataset_root(uids: Iterable[str]) -> str:
    """Compute the Merkle root of a set of works, 64 hex digits; order and repetition of `uids` do not matter."""
    return tree_hash(_leaves(uids)).hex()


def prove(uids: Iterable[str], uid: str) -> Inclusion:
    """Prove that the work `uid` is in the set `uids`. Raises NotFoundError when it is not."""
    leaves = _leaves(uids)
    leaf = bytes.fromhex(uid)
    index = bisect_left(leaves, leaf)
    if leaves[index : index + 1] != [leaf]:
        message = f"The work {uid} is not in this dataset, so that nothing can be proved. List the dataset's works."
        raise NotFoundError(message)
    path = tuple(node.hex() for node in audit_path(leaves, index))
    return Inclusion(uid=uid, index=index, size=len(leaves), path=path, root=tree_hash(leaves).hex())


def leaf_hash(entry: bytes) -> bytes:
    """Hash one entry: SHA-256 over 0x00 and the entry, 32 bytes."""
    return hashlib.sha256(b"\0" + entry).digest()


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """Hash a tree of leaf hashes, 32 bytes each, in the order given; of none it is SHA-256 of nothing."""
    if not leaves:
        return hashlib.sha256().digest()
    level = leaves
    while len(level) > 1:
        level = _above(level)
    return level[0]


def audit_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """List the siblings on the way from the leaf at `index` to the root (RFC 6962 section 2.1.1)."""
    path = []
    level = leaves
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level = _above(level)
        index >>= 1
    return path


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Check an audit path by the steps of RFC 9162 section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    last = size - 1
    node = leaf
    for sibling in path:
        if last == 0:
            return False
        if index & 1 or index == last:
            node = _node(sibling, node)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            node = _node(node, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and node == root


def _leaves(uids: Iterable[str]) -> list[bytes]:
    return sorted({bytes.fromhex(uid) for uid in uids})


def _above(level: Sequence[bytes]) -> list[bytes]:
    """Pair the nodes of a level; an odd last one rises as it is, which is RFC 6962's split at powers of two."""
    pairs = [_node(level[place], level[place + 1]) for place in range(0, len(level) - 1, 2)]
    return pairs + list(level[-1:]) if len(level) % 2 else pairs


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
