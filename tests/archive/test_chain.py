"""The signed chain from a picture to each work that its model learnt from."""

import shutil
from collections.abc import Callable
from pathlib import Path

import encypher_c2pa
import pytest
from learnt import CREATOR, learnt
from pictures import picture
from PIL import Image
from sqlalchemy import delete, select, text, update

from provenance import schema
from provenance.archive import nodes
from provenance.archive.altered import chain_problems
from provenance.archive.archive import Archive
from provenance.archive.bundles import kept_bundles
from provenance.archive.chain import MOST, chain_ingredients
from provenance.archive.claims import parent_ingredient
from provenance.archive.create import generate
from provenance.archive.detail import show
from provenance.archive.model_signing import sign_model
from provenance.archive.models import ModelFacts, remember_model
from provenance.archive.order import Order
from provenance.archive.record import start
from provenance.archive.verify import verify
from provenance.database import utc_now
from provenance.digest import Digest
from provenance.export.encode import encode
from provenance.schema import Edge, Kind, Role
from provenance.sign.claim import Ingredient
from provenance.sign.contained import Containment, contains
from provenance.words import Truth


@pytest.fixture
def model(archive: Archive, tmp_path: Path) -> ModelFacts:
    return learnt(archive, tmp_path / "works")


@pytest.fixture
def plain_model(plain_archive: Archive, tmp_path: Path) -> ModelFacts:
    return learnt(plain_archive, tmp_path / "works")


def _made(archive: Archive, facts: ModelFacts, tmp_path: Path) -> Path:
    ingredients = chain_ingredients(archive, facts.uid)
    with start(archive, facts, seed=1, prompt="a face", ingredients=ingredients) as run:
        run.add(picture(1, 96, 64))
    path = tmp_path / "made.png"
    path.write_bytes(archive.store.read(Digest(show(archive, run.artworks[0]).file_digest)))
    return path


def test_a_picture_carries_the_works_that_its_model_learnt_from(
    archive: Archive, model: ModelFacts, tmp_path: Path
) -> None:
    path = _made(archive, model, tmp_path)

    reading = verify(archive, path).reading
    (bundle,) = (each for each in reading.ingredients if "c2pa.types.dataset" in each.data_types)
    assert (bundle.present, bundle.relationship, bundle.problems) == (True, "inputTo", ())
    for number in range(4):
        (answer,) = contains(path, tmp_path / "works" / f"work-{number}.png")
        assert answer.answer is Containment.FILE
        assert answer.bundle is not None
        assert (answer.bundle.adds_up, answer.bundle.claimed) == (True, False)


def test_an_independent_verifier_accepts_the_whole_chain(
    plain_archive: Archive, plain_model: ModelFacts, tmp_path: Path
) -> None:
    path = _made(plain_archive, plain_model, tmp_path)

    assert plain_archive.identity.root is not None
    root = plain_archive.identity.root.decode()
    judged = encypher_c2pa.verify(str(path), trust_pem=root, no_default_trust=True, telemetry=False, online=False)
    assert (judged["validation_state"], judged["hard_binding"]) == ("Trusted", "match")


def test_a_strangers_work_is_not_in_it_and_a_reencoded_one_is_by_its_pixels(
    plain_archive: Archive, plain_model: ModelFacts, tmp_path: Path
) -> None:
    path = _made(plain_archive, plain_model, tmp_path)
    picture(7).image().save(tmp_path / "other.png")
    Image.open(tmp_path / "works" / "work-2.png").save(tmp_path / "same.webp", lossless=True)

    assert [each.answer for each in contains(path, tmp_path / "other.png")] == [Containment.NOT_LISTED]
    assert [each.answer for each in contains(path, tmp_path / "same.webp")] == [Containment.PIXELS]


def test_what_is_only_claimed_is_said_to_be(plain_archive: Archive, tmp_path: Path) -> None:
    facts = learnt(plain_archive, tmp_path / "works", truth=Truth.CLAIMED)

    (answer,) = contains(_made(plain_archive, facts, tmp_path), tmp_path / "works" / "work-0.png")
    assert answer.bundle is not None
    assert answer.bundle.claimed is True
    assert answer.basis is not None
    assert "is claimed" in answer.basis


def test_a_set_is_signed_once(plain_archive: Archive, plain_model: ModelFacts) -> None:
    first = chain_ingredients(plain_archive, plain_model.uid)
    second = chain_ingredients(plain_archive, plain_model.uid)

    assert [each.digest for each in first] == [each.digest for each in second]
    with plain_archive.database.read() as session:
        node = session.scalars(select(schema.DatasetVersion.id)).one()
        assert len(kept_bundles(session, node)) == 1


def test_without_people_no_name_of_a_creator_is_in_it(plain_archive: Archive, plain_model: ModelFacts) -> None:
    (whole,) = chain_ingredients(plain_archive, plain_model.uid)
    (public,) = chain_ingredients(plain_archive, plain_model.uid, people=False)

    assert whole.digest is not None
    assert public.digest is not None
    assert CREATOR.encode() in plain_archive.store.read(whole.digest)
    assert CREATOR.encode() not in plain_archive.store.read(public.digest)
    assert public.staged is not None
    assert CREATOR.encode() not in public.staged.store


def test_claimed_circles_of_models_end(plain_archive: Archive, plain_model: ModelFacts) -> None:
    with plain_archive.database.write() as session:
        rows = [nodes.node_id(session, plain_model.uid)]
        for number in range(MOST + 5):
            base = ModelFacts(
                name=f"base-{number}",
                engine="external",
                version="1",
                distribution="not recorded",
                digest=None,
                digest_of="nothing",
                source_type="trainedAlgorithmicMedia",
            )
            rows.append(remember_model(session, base, utc_now()))
        circle = zip(rows, [*rows[1:], rows[0]], strict=True)
        nodes.add_edges(session, [(child, Role.DERIVED_FROM, parent, Truth.CLAIMED) for child, parent in circle])

    found = chain_ingredients(plain_archive, plain_model.uid)
    assert len(found) <= MOST
    assert {each.notes["truth"] for each in found if each.label.startswith("base")} == {"claimed"}


def test_an_untouched_archive_has_no_problems(archive: Archive, model: ModelFacts, tmp_path: Path) -> None:
    _made(archive, model, tmp_path)
    sign_model(archive, model.name)

    assert list(chain_problems(archive)) == []


ALTERATIONS = {
    "work-1.png": update(schema.Work).where(schema.Work.name == "work-1.png").values(licence="MIT"),
    "cannot be read": update(schema.Work).where(schema.Work.name == "work-2.png").values(pixels_digest="broken"),
    "do not make up its Merkle root": update(schema.DatasetVersion).values(merkle_root="ab" * 32),
    "its name, number and Merkle root": update(schema.DatasetVersion).values(number=7),
    "names other weights": update(schema.Model).values(digest="cd" * 32),
    "The contributor": update(schema.Contributor).values(name="Somebody Else"),
    "has 3 works; its row says 4": delete(Edge).where(
        Edge.role == Role.MEMBER.value, Edge.parent_id == select(schema.Work.id).limit(1).scalar_subquery()
    ),
}


def test_one_altered_row_is_found(make_archive: Callable[[str], Archive], tmp_path: Path) -> None:
    archive = make_archive("source")
    learnt(archive, tmp_path / "works")
    for number, (said, statement) in enumerate(ALTERATIONS.items()):
        copy = tmp_path / f"copy-{number}"
        shutil.copytree(archive.folder, copy)
        with Archive(copy, passphrase=lambda: None) as altered:
            with altered.database.write() as session:
                session.execute(statement)

            problems = list(chain_problems(altered))
            assert any(said in problem for problem in problems), (said, problems)


def test_one_altered_byte_of_weights_is_found(plain_archive: Archive, plain_model: ModelFacts) -> None:
    assert plain_model.digest is not None
    path = plain_archive.store.path(plain_model.digest)
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)

    (problem,) = chain_problems(plain_archive)
    assert "a byte of its weights was altered" in problem


def test_rows_that_were_altered_in_step_are_found_by_what_was_signed(
    plain_archive: Archive, plain_model: ModelFacts
) -> None:
    chain_ingredients(plain_archive, plain_model.uid)
    root, uid = "ab" * 32, ""
    with plain_archive.database.write() as session:
        version = session.scalars(select(schema.DatasetVersion)).one()
        name = session.get_one(schema.Dataset, version.dataset_id).name
        uid = Digest.of_json({"dataset": {"name": name, "number": version.number, "root": root}}).hex
        session.execute(text("UPDATE node SET uid = :uid WHERE kind = :kind"), {"uid": uid, "kind": Kind.DATASET.value})
        session.execute(update(schema.DatasetVersion).values(merkle_root=root))

    assert any("signed for other works" in problem for problem in chain_problems(plain_archive))


def test_a_run_that_continues_a_picture_opens_it(
    plain_archive: Archive, plain_model: ModelFacts, tmp_path: Path
) -> None:
    content, manner = (encode(picture(seed), "png") for seed in (11, 12))
    given = (
        parent_ingredient("the content", content, "image/png", Digest.of(content)),
        Ingredient(label="style", relationship="inputTo", title="the manner", data=manner, media_type="image/png"),
    )
    ingredients = [plain_archive.signer.stage(each) for each in given]
    with start(plain_archive, plain_model, seed=3, ingredients=ingredients) as run:
        run.add(picture(1))
    path = tmp_path / "made.png"
    path.write_bytes(plain_archive.store.read(Digest(show(plain_archive, run.artworks[0]).file_digest)))

    reading = verify(plain_archive, path).reading
    opened, edited = reading.actions
    assert (opened.action, edited.action) == ("c2pa.opened", "c2pa.edited")
    assert (opened.digital_source_type, edited.digital_source_type) == (None, "trainedAlgorithmicMedia")
    assert (edited.software_agent, edited.parameters["run_seed"]) == ("gan 1", "3")
    assert [each.relationship for each in reading.ingredients] == ["inputTo", "parentOf", "inputTo"]
    assert reading.intact


def test_a_trained_model_is_disclosed_and_a_formula_is_not(plain_archive: Archive, tmp_path: Path) -> None:
    facts = learnt(plain_archive, tmp_path / "works")
    trained = _made(plain_archive, facts, tmp_path).read_bytes()
    generate(plain_archive, Order(width=64, height=64))

    with plain_archive.database.read() as session:
        digests = session.scalars(select(schema.Artwork.file_digest).order_by(schema.Artwork.id)).all()
    assert b"c2pa.ai-disclosure" in trained
    assert f"urn:prov:model:{facts.digest}".encode() in trained
    assert b"prompt_guided" in trained
    assert b"c2pa.ai-disclosure" not in plain_archive.store.read(Digest(digests[-1]))
