import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from graphs import learnt
from pictures import picture
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import update

from provenance import schema
from provenance.archive import nodes
from provenance.archive.archive import Archive
from provenance.archive.bring import Terms, bring
from provenance.archive.command import Job, run_command
from provenance.archive.completeness_check import findings
from provenance.archive.create import Order, generate
from provenance.archive.edit import edit
from provenance.archive.record import start
from provenance.archive.reproduce import reproduce
from provenance.audit.finding import Finding
from provenance.digest import Digest
from provenance.picture import Picture
from provenance.words import Severity


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Give one archive to all tests that look at their own artwork only."""
    with Archive.make(tmp_path_factory.mktemp("shared") / "archive") as archive:
        yield archive


def checked(archive: Archive, uid: str) -> Finding:
    with archive.database.read() as session:
        found = findings(archive, session, uid)
    assert len(found) == 1
    return found[0]


def states(archive: Archive, uid: str) -> dict[str, str]:
    questions = checked(archive, uid).evidence["questions"]
    assert isinstance(questions, list)
    return {each["key"]: each["state"] for each in questions}


def unanswered(archive: Archive, uid: str) -> set[str]:
    return {key for key, state in states(archive, uid).items() if state == "not recorded"}


def test_what_an_engine_of_ours_made_leaves_only_the_clock_open(shared: Archive) -> None:
    made = generate(shared, Order(count=1, seed=7, width=32, height=32, by="Ada Lind")).artworks

    assert unanswered(shared, made[0]) == {"witness"}
    assert states(shared, made[0])["maker"] == "claimed"
    assert states(shared, made[0])["seed"] == "checked"


def test_a_picture_that_was_made_again_is_reproduced(shared: Archive) -> None:
    made = generate(shared, Order(count=1, seed=7, width=32, height=32)).artworks
    reproduce(shared, made[0])

    told = states(shared, made[0])

    assert {key for key, state in told.items() if state == "reproduced"} == {"model", "weights", "seed", "settings"}
    assert told["maker"] == "not recorded"


def test_a_model_known_by_name_leaves_weights_and_training_open(shared: Archive) -> None:
    with start(shared, "sdxl", prompt="a fox") as run:
        run.add(picture(1))

    told = states(shared, run.artworks[0])

    assert {"weights", "trainings", "seed", "maker"} <= unanswered(shared, run.artworks[0])
    assert (told["model"], told["settings"]) == ("claimed", "claimed")
    assert checked(shared, run.artworks[0]).severity is Severity.NOTE


def test_a_picture_that_says_nothing_is_a_warning(shared: Archive, tmp_path: Path) -> None:
    picture(2).image().save(tmp_path / "plain.png")
    brought = bring(shared, [tmp_path / "plain.png"], Terms()).artworks[0].uid

    assert checked(shared, brought).severity is Severity.WARNING
    assert set(states(shared, brought)) - unanswered(shared, brought) == {"signer"}


def test_what_a_picture_says_of_itself_is_claimed(shared: Archive, tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("parameters", "a red fox\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 4243, Model: dreamshaper")
    picture(3).image().save(tmp_path / "fox.png", pnginfo=info)
    brought = bring(shared, [tmp_path / "fox.png"], Terms(by="Ada Lind")).artworks[0].uid

    told = states(shared, brought)

    assert {told[key] for key in ("maker", "model", "seed", "settings")} == {"claimed"}
    assert {"weights", "machine", "libraries", "made_at"} <= unanswered(shared, brought)


def test_the_libraries_of_another_program_are_not_ours(shared: Archive, tmp_path: Path) -> None:
    (tmp_path / "watched").mkdir()
    picture(5).image().save(tmp_path / "other.png")
    code = f"import shutil; shutil.copy(r'{tmp_path / 'other.png'}', r'{tmp_path / 'watched' / 'a.png'}')"
    done = run_command(shared, Job(command=[sys.executable, "-c", code], watch=tmp_path / "watched", by="Ada Lind"))

    told = states(shared, done.artworks[0])

    assert (told["machine"], told["libraries"]) == ("checked", "not recorded")


def test_works_without_licence_or_creator_leave_their_questions_open(archive: Archive) -> None:
    past = learnt(archive, works=10)
    assert {"licences", "creators", "trainings"}.isdisjoint(unanswered(archive, past.artworks[0]))
    with archive.database.write() as session:
        rows = list(nodes.node_ids(session, past.used[:3]).values())
        session.execute(update(schema.Work).where(schema.Work.id == rows[0]).values(licence=None))
        session.execute(update(schema.Work).where(schema.Work.id.in_(rows)).values(creator=None))

    questions = {each["key"]: each for each in checked(archive, past.artworks[0]).evidence["questions"]}  # type: ignore[union-attr,index,call-overload]

    assert questions["licences"]["detail"] == "Not recorded for 1 of 10."  # type: ignore[index,call-overload]
    assert questions["creators"]["detail"] == "Not recorded for 3 of 10."  # type: ignore[index,call-overload]


def test_an_edit_without_a_tool_is_told(shared: Archive, tmp_path: Path) -> None:
    made = generate(shared, Order(count=1, seed=7, width=64, height=48, by="Ada Lind")).artworks[0]
    with shared.database.read() as session:
        row = session.get_one(schema.Artwork, nodes.node_id(session, made))
        pixels = np.array(Picture.open(shared.store.path(Digest(row.file_digest))).pixels)
    pixels[:12] = 200
    Picture(pixels).image().save(tmp_path / "edited.png")
    edited = edit(shared, made, tmp_path / "edited.png", by="Bo", actions=["retouched"])

    told = states(shared, edited.uid)

    assert (told["editor"], told["changes"], told["tools"]) == ("claimed", "checked", "not recorded")
    assert told["seed"] == "checked"
