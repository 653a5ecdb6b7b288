"""What a model learnt from by itself counts, and artworks with the same pixels count once."""

from pathlib import Path

from pictures import picture
from PIL import Image
from sqlalchemy import select

from provenance import schema
from provenance.archive import nodes
from provenance.archive.archive import Archive
from provenance.archive.collect import add_dataset
from provenance.archive.learnt import learnt_sets, made_by, members
from provenance.schema import Role
from provenance.words import Truth


def dataset(archive: Archive, folder: Path, name: str, number: int) -> int:
    (folder / name).mkdir()
    Image.fromarray(picture(number).pixels).save(folder / name / "work.png")
    add_dataset(archive, name, folder / name)
    with archive.database.read() as session:
        return session.scalars(select(schema.DatasetVersion.id).order_by(schema.DatasetVersion.id.desc())).first() or 0


def model(archive: Archive, name: str, *numbers: int) -> int:
    with archive.run(name) as run:
        for number in numbers:
            run.add(picture(number))
    with archive.database.read() as session:
        return session.scalars(select(schema.Model.id).where(schema.Model.name == name)).one()


def test_a_model_without_works_of_its_own_has_those_of_its_base(archive: Archive, tmp_path: Path) -> None:
    first, second = dataset(archive, tmp_path, "first", 1), dataset(archive, tmp_path, "second", 2)
    base, tuned, merged = (model(archive, name, 9) for name in ("base", "tuned", "merged"))
    ties = [(base, Role.TRAINED_ON, first), (tuned, Role.TRAINED_ON, second)]
    ties += [(tuned, Role.DERIVED_FROM, base), (merged, Role.DERIVED_FROM, base)]
    with archive.database.write() as session:
        nodes.add_edges(session, [(child, role, parent, Truth.CHECKED) for child, role, parent in ties])

    with archive.database.read() as session:
        sets = {each: [link.node for link in learnt_sets(session, each)] for each in (base, tuned, merged)}
        works = session.scalars(members([first, second])).all()

    assert sets == {base: [first], tuned: [second], merged: [first]}
    assert len(set(works)) == 2


def test_artworks_with_the_same_pixels_count_once(archive: Archive) -> None:
    row = model(archive, "painter", 1, 2, 3)
    model(archive, "painter", 2, 3, 3)
    model(archive, "another", 4)

    with archive.database.read() as session:
        everything, repeated = made_by(session, row)
        two, repeated_of_all = made_by(session, row, 2)

    uids = [node.uid for node in everything]
    assert len(uids) == 3
    assert uids == sorted(uids)
    assert [node.uid for node in two] == uids[:2]
    assert (repeated, repeated_of_all) == (3, 3)
