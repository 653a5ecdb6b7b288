import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pictures import picture
from sqlalchemy import delete, select, update

from provenance import schema
from provenance.archive import nodes
from provenance.archive.altered_artworks import artwork_problems, one_artwork_problems
from provenance.archive.archive import Archive
from provenance.archive.edit import edit
from provenance.archive.integrity_check import findings
from provenance.archive.record import start
from provenance.archive.refingerprint import refingerprint
from provenance.audit.finding import Finding
from provenance.compare.look import GREY, pack_grey, small_grey
from provenance.digest import Digest
from provenance.errors import NotFoundError
from provenance.fingerprint.local import NAME as POINTS
from provenance.fingerprint.pdq import pdq_v1
from provenance.picture import Picture
from provenance.words import Severity, forbidden_in


def recorded(archive: Archive, *, seed: int = 3) -> str:
    with start(archive, "my-model", seed=seed, prompt="a fox", by="Ada Lind") as run:
        run.add(picture(seed))
    return run.artworks[0]


def checked(archive: Archive, uid: str) -> list[Finding]:
    with archive.database.read() as session:
        found = findings(archive, session, uid)
    assert [hit for finding in found for hit in forbidden_in(finding.sentence)] == []
    return found


def parts(found: list[Finding]) -> list[tuple[object, Severity]]:
    return [(finding.evidence["part"], finding.severity) for finding in found]


def row_of(archive: Archive, uid: str) -> schema.Artwork:
    with archive.database.read() as session:
        found = session.get_one(schema.Artwork, nodes.node_id(session, uid))
        session.expunge(found)
        return found


def file_of(archive: Archive, uid: str) -> Path:
    path = archive.store.path(Digest(row_of(archive, uid).file_digest))
    path.chmod(0o600)
    return path


def with_feature(archive: Archive, uid: str, method: str, data: bytes) -> None:
    with archive.database.write() as session:
        session.add(schema.Feature(node_id=nodes.node_id(session, uid), method=method, data=data))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record two artworks once; tests work on copies."""
    folder = tmp_path_factory.mktemp("whole") / "archive"
    with Archive.make(folder) as archive:
        recorded(archive, seed=3)
        recorded(archive, seed=4)
    return folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Iterator[Archive]:
    shutil.copytree(whole, tmp_path / "archive")
    with Archive(tmp_path / "archive", passphrase=lambda: None) as archive:
        yield archive
    gc.collect()


@pytest.fixture
def uid(copy: Archive) -> str:
    with copy.database.read() as session:
        query = select(schema.Node.uid).join(schema.Artwork, schema.Artwork.id == schema.Node.id)
        return str(session.scalars(query.order_by(schema.Node.id)).first())


def test_an_untouched_artwork_has_no_findings(archive: Archive, tmp_path: Path) -> None:
    made = recorded(archive)
    retouched = np.array(picture(3).pixels)
    retouched[:12] = 200
    Picture(retouched).image().save(tmp_path / "edited.png")
    edited = edit(archive, made, tmp_path / "edited.png", by="Bo", actions=["retouched"])

    assert checked(archive, made) == []
    assert checked(archive, edited.uid) == []


def test_a_row_that_was_altered_needs_a_decision(archive: Archive) -> None:
    made = recorded(archive)
    with archive.database.write() as session:
        session.execute(update(schema.Run).values(prompt="a wolf"))

    found = checked(archive, made)

    assert parts(found) == [("record", Severity.DECIDE)]
    assert "its rows say prompt 'a wolf'; what was signed says 'a fox'" in found[0].sentence


def test_one_artwork_has_the_problems_that_it_has_among_all(copy: Archive, uid: str) -> None:
    with copy.database.write() as session:
        session.execute(update(schema.Run).values(prompt="a wolf"))

    with copy.database.read() as session:
        everything = list(artwork_problems(copy, session))
        one = list(one_artwork_problems(copy, session, uid))

    assert len(one) == 1
    assert len(everything) == 2
    assert one[0] in everything


def test_a_lost_file_needs_a_decision(copy: Archive, uid: str) -> None:
    file_of(copy, uid).unlink()

    found = checked(copy, uid)

    assert parts(found) == [("file", Severity.DECIDE)]
    assert "Bring it back from a copy of the archive." in found[0].sentence


def test_a_flipped_byte_needs_a_decision(copy: Archive, uid: str) -> None:
    path = file_of(copy, uid)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    assert parts(checked(copy, uid)) == [("file", Severity.DECIDE)]


def test_the_other_artwork_stays_without_findings(copy: Archive, uid: str) -> None:
    file_of(copy, uid).unlink()
    with copy.database.read() as session:
        other = session.scalars(select(schema.Node.uid).where(schema.Node.kind == "artwork", schema.Node.uid != uid))
        uids = list(other)

    assert [checked(copy, each) for each in uids] == [[]]


def test_a_file_of_the_wrong_size_and_a_lost_row_of_it_are_found(copy: Archive, uid: str) -> None:
    digest = row_of(copy, uid).file_digest
    with copy.database.write() as session:
        session.execute(update(schema.Blob).where(schema.Blob.digest == digest).values(size=7))

    assert "its row says 7" in checked(copy, uid)[0].sentence


def test_a_lost_signature_is_found(copy: Archive, uid: str) -> None:
    with copy.database.write() as session:
        session.execute(delete(schema.Manifest).where(schema.Manifest.node_id == nodes.node_id(session, uid)))

    assert "The record of its signature is lost." in checked(copy, uid)[0].sentence


def test_pixels_of_another_picture_are_found(copy: Archive, uid: str) -> None:
    with copy.database.write() as session:
        row = nodes.node_id(session, uid)
        session.execute(update(schema.Artwork).where(schema.Artwork.id == row).values(pixels_digest="ab" * 32))

    assert ("file", Severity.DECIDE) in parts(checked(copy, uid))


def test_a_digest_that_is_none_is_a_sentence(copy: Archive, uid: str) -> None:
    with copy.database.write() as session:
        session.execute(update(schema.Artwork).values(pixels_digest="broken"))

    assert ("record", Severity.DECIDE) in parts(checked(copy, uid))


def test_an_altered_fingerprint_is_told_in_bits(copy: Archive, uid: str) -> None:
    stored = schema.Fingerprint
    with copy.database.write() as session:
        row = nodes.node_id(session, uid)
        mine = stored.node_id == row, stored.method == "phash8_v1"
        codes = bytearray(session.scalars(select(stored.codes).where(*mine)).one())
        codes[63] ^= 3
        session.execute(update(stored).where(*mine).values(codes=bytes(codes)))

    found = checked(copy, uid)

    assert parts(found) == [("fingerprints", Severity.DECIDE)]
    assert found[0].sentence.startswith("The fingerprint phash8_v1 differs in 2 of 512 bits")


def test_bits_of_a_fingerprint_that_rounding_decides_are_no_finding(copy: Archive) -> None:
    stripes = Picture(np.ascontiguousarray(np.broadcast_to(picture(1).pixels[:, :1], (48, 64, 3))))
    with start(copy, "my-model", seed=1, prompt="a fox", by="Ada Lind") as run:
        run.add(stripes)
    stored = schema.Fingerprint
    with copy.database.write() as session:
        mine = stored.node_id == nodes.node_id(session, run.artworks[0]), stored.method == "pdq_v1"
        codes = np.frombuffer(session.scalars(select(stored.codes).where(*mine)).one(), np.uint8)
        elsewhere = codes ^ ~pdq_v1.firm(stripes).ravel()
        session.execute(update(stored).where(*mine).values(codes=elsewhere.tobytes()))

    assert ("fingerprints", Severity.DECIDE) not in parts(checked(copy, run.artworks[0]))


def without(archive: Archive, uid: str | None, *methods: str) -> None:
    """Delete codes: of one artwork, or of all as if the program had not known the methods yet."""
    stored = schema.Fingerprint
    with archive.database.write() as session:
        query = delete(stored).where(stored.method.in_(methods))
        session.execute(query if uid is None else query.where(stored.node_id == nodes.node_id(session, uid)))


def last(archive: Archive) -> str:
    with archive.database.read() as session:
        query = select(schema.Node.uid).where(schema.Node.kind == "artwork").order_by(schema.Node.id)
        return str(session.scalars(query).all()[-1])


def test_a_missing_fingerprint_is_a_note(copy: Archive) -> None:
    without(copy, last(copy), "phash16_v1", "pdq_v1")

    found = checked(copy, last(copy))

    assert parts(found) == [("fingerprints", Severity.NOTE)]
    assert (
        found[0].sentence == "The fingerprints phash16_v1 and pdq_v1 are missing. `prov db fingerprints` computes them."
    )


def test_an_artwork_from_before_a_method_is_told_apart_from_one_that_lost_its_code(copy: Archive, uid: str) -> None:
    without(copy, None, "dhash16_v1", "pdq_v1")
    recorded(copy, seed=5)

    found = checked(copy, uid)

    assert parts(found) == [("fingerprints", Severity.NOTE)]
    assert found[0].sentence == (
        "It was recorded before pictures were compared by dhash16_v1 and pdq_v1 here. "
        "`prov db fingerprints` computes them."
    )
    without(copy, last(copy), "dhash16_v1")
    assert "before pictures were compared by dhash16_v1 here" in checked(copy, last(copy))[0].sentence


def test_what_is_computed_later_is_no_finding_any_more(copy: Archive, uid: str) -> None:
    without(copy, None, "dhash16_v1", "pdq_v1")
    copy.indexes.forget()

    refingerprint(copy)

    assert checked(copy, uid) == []


def test_an_index_that_has_another_code_is_a_warning(copy: Archive, uid: str) -> None:
    stored = schema.Fingerprint
    copy.indexes.artworks()
    copy.indexes.save()
    with copy.database.write() as session:
        row = nodes.node_id(session, uid)
        mine = stored.node_id == row, stored.method == "phash8_v1"
        session.execute(update(stored).where(*mine).values(codes=bytes(64)))

    assert ("index", Severity.WARNING) in parts(checked(copy, uid))


def test_what_another_program_recorded_is_no_finding(copy: Archive, tmp_path: Path) -> None:
    copy.indexes.artworks()
    with Archive(copy.folder, passphrase=lambda: None) as other:
        made = recorded(other, seed=9)

    assert checked(copy, made) == []


def test_features_that_are_right_are_no_finding_and_a_missing_one_is_told(copy: Archive, uid: str) -> None:
    with_feature(copy, uid, GREY, pack_grey(small_grey(picture(3))))

    found = checked(copy, uid)

    assert parts(found) == [("features", Severity.WARNING)]
    assert all("is missing" in problem for problem in found[0].evidence["problems"])  # type: ignore[union-attr,operator]


def test_features_of_another_picture_are_found(copy: Archive, uid: str) -> None:
    with_feature(copy, uid, GREY, pack_grey(small_grey(picture(4))))
    with_feature(copy, uid, POINTS, b"no points")

    problems = " ".join(map(str, checked(copy, uid)[0].evidence["problems"]))  # type: ignore[arg-type]

    assert f"The feature {GREY} is not what its stored picture gives." in problems
    assert "Points of 9 bytes" in problems


def test_an_artwork_without_a_row_is_a_finding_and_an_unknown_id_an_error(copy: Archive) -> None:
    with copy.database.write() as session:
        session.add(schema.Node(uid="ab" * 32, kind="artwork", created_at=schema.base.EPOCH))

    assert "has lost its row" in checked(copy, "ab" * 32)[0].sentence
    with pytest.raises(NotFoundError):
        checked(copy, "cd" * 32)
