"""The Merkle tree against the published vectors of Certificate Transparency, and its laws."""

import dataclasses
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.collect.merkle import Inclusion, audit_path, dataset_root, is_included, leaf_hash, prove, tree_hash
from provenance.errors import NotFoundError

# The test tree of the Certificate Transparency code (merkletree/merkle_tree_test.cc): entries, then roots by size.
ENTRIES = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
PATHS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
UIDS = st.sets(st.binary(min_size=32, max_size=32).map(bytes.hex), min_size=1, max_size=40)


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert tree_hash(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_audit_paths_are_those_of_certificate_transparency(index: int, size: int) -> None:
    assert [node.hex() for node in audit_path(LEAVES[:size], index)] == PATHS[index, size]


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70))
def test_pairing_upwards_is_the_recursion_of_the_standard(leaves: list[bytes]) -> None:
    def standard(part: list[bytes]) -> bytes:
        if len(part) == 1:
            return part[0]
        split = 1 << (len(part) - 1).bit_length() - 1
        return hashlib.sha256(b"\x01" + standard(part[:split]) + standard(part[split:])).digest()

    assert tree_hash(leaves) == standard(leaves)


@given(UIDS, st.randoms())
def test_the_root_is_of_the_set_whatever_the_order_and_repetition(uids: set[str], random: "st.DrawFn") -> None:
    shuffled = [*uids, *uids]
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert dataset_root(shuffled) == dataset_root(sorted(uids))


@given(UIDS, st.data())
def test_one_work_more_or_less_changes_the_root(uids: set[str], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(sorted(uids)))

    assert dataset_root(uids - {gone}) != dataset_root(uids)


@given(UIDS)
def test_every_work_can_be_proved(uids: set[str]) -> None:
    for uid in uids:
        proof = prove(uids, uid)

        assert proof.holds()
        assert proof.root == dataset_root(uids)
        assert len(proof.path) <= max(0, len(uids) - 1).bit_length()


@given(UIDS, st.data())
def test_a_changed_proof_does_not_hold(uids: set[str], data: st.DataObject) -> None:
    proof = prove(uids, data.draw(st.sampled_from(sorted(uids))))
    other = hashlib.sha256(proof.uid.encode()).hexdigest()
    place = data.draw(st.integers(0, max(0, len(proof.path) - 1)))

    assert not dataclasses.replace(proof, uid=other).holds()
    assert not dataclasses.replace(proof, root=other).holds()
    assert not dataclasses.replace(proof, path=(*proof.path, other)).holds()
    assert not dataclasses.replace(proof, index=proof.size).holds()
    assert not dataclasses.replace(proof, index=-1).holds()
    if proof.path:
        assert not dataclasses.replace(proof, path=(*proof.path[:place], other, *proof.path[place + 1 :])).holds()
        assert not dataclasses.replace(proof, path=proof.path[:-1]).holds()
        assert not dataclasses.replace(proof, path=()).holds()


@given(st.integers(2, 40), st.data())
def test_no_leaf_is_proved_at_another_place(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    index, wrong = data.draw(st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True))

    assert not is_included(leaves[index], wrong, size, audit_path(leaves, index), tree_hash(leaves))


def test_an_inner_node_is_not_taken_for_a_work() -> None:
    inner = hashlib.sha256(b"\x01" + LEAVES[0] + LEAVES[1]).digest()

    assert not is_included(inner, 0, 4, audit_path(LEAVES[:4], 0)[1:], tree_hash(LEAVES[:4]))


def test_a_path_longer_than_the_tree_is_deep_proves_nothing_wherever_it_leads() -> None:
    root = hashlib.sha256(b"\x01" + LEAVES[1] + LEAVES[0]).digest()

    assert not is_included(LEAVES[0], 0, 1, [LEAVES[1]], root)


def test_a_work_that_is_not_in_the_dataset_cannot_be_proved() -> None:
    with pytest.raises(NotFoundError, match="not in this dataset"):
        prove([leaf.hex() for leaf in LEAVES[:4]], LEAVES[5].hex())


def test_a_proof_with_a_malformed_part_does_not_hold() -> None:
    proof = prove([leaf.hex() for leaf in LEAVES], LEAVES[5].hex())

    assert not dataclasses.replace(proof, root="nonsense").holds()


def test_a_proof_goes_through_its_record() -> None:
    proof = prove([leaf.hex() for leaf in LEAVES], LEAVES[5].hex())
    record = proof.record()

    assert record == {
        "uid": proof.uid,
        "index": proof.index,
        "size": 8,
        "path": list(proof.path),
        "root": proof.root,
    }
    assert Inclusion(**{**record, "path": proof.path}).holds()  # type: ignore[arg-type]
