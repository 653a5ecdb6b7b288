"""Altering one row is found: every table and every column, by signatures and rules, and all the rest by a seal."""

import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from learnt import CREATOR, learnt, works
from pictures import picture
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import text

from provenance.archive.altered import chain_problems
from provenance.archive.altered_seals import kept_elsewhere, seal, seal_problems
from provenance.archive.archive import Archive
from provenance.archive.bring import Terms, bring
from provenance.archive.chain import chain_ingredients
from provenance.archive.collect import Defaults, add_dataset
from provenance.archive.command import Job, run_command
from provenance.archive.create import Order, generate
from provenance.archive.detail import show
from provenance.archive.edit import edit
from provenance.archive.model_signing import sign_model
from provenance.archive.publish import Form, export
from provenance.archive.record import start
from provenance.archive.reproduce import reproduce
from provenance.archive.withdraw import withdraw
from provenance.digest import Digest
from provenance.errors import UsageError
from provenance.picture import Picture
from provenance.schema import Base, Role
from provenance.words import Disclosure, Truth


def filled(archive: Archive, folder: Path) -> Archive:
    """Do everything once: runs of three kinds, an edit, an import, exports, a signed model, a withdrawal."""
    model = learnt(archive, folder / "works")
    made = generate(
        archive, Order(count=2, seed=7, width=64, height=48, by="Ada Lind", palette_from=["faces-works"])
    ).artworks
    given = {"options": {}, "pictures": {"content": made[0], "style": made[1]}}
    roles = [(Role.CONTENT, made[0], Truth.CHECKED), (Role.STYLE, made[1], Truth.CHECKED)]
    with start(archive, model, seed=3, parameters=given, inputs=roles) as run:
        run.add(picture(3))
    with start(
        archive, model, seed=1, prompt="a face", by="Cy", ingredients=chain_ingredients(archive, model.uid)
    ) as run:
        run.add(picture(100, 24, 16))  # one of the works: that is flagged
    retouched = np.array(_opened(archive, made[0]).pixels)
    retouched[:12] = 200
    (folder / "retouched.png").write_bytes(_png(retouched))
    edit(archive, made[0], folder / "retouched.png", by="Bo", actions=["retouched"], tool="GIMP", note="the sky")
    _foxes(archive, folder)
    sign_model(archive, model.name)
    reproduce(archive, made[1])
    export(archive, [made[0], run.artworks[0]], folder / "out", Form())
    export(archive, [made[0]], folder / "public", Form(format="jpeg", disclosure=Disclosure.PUBLIC))
    withdraw(archive, "faces-works", ["work-1.png"], reason="asked", by="Ada Lind")
    add_dataset(archive, "faces-works", works(folder / "works", 5), defaults=Defaults(creator=CREATOR))
    return archive


def _foxes(archive: Archive, folder: Path) -> None:
    """Bring a picture in that says things of itself, one by a model, and let a command make one."""
    info = PngInfo()
    info.add_text("parameters", "a red fox\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 4243, Model: dreamshaper")
    picture(31).image().save(folder / "fox.png", pnginfo=info)
    picture(32).image().save(folder / "plain.png")
    bring(archive, [folder / "fox.png"], Terms(by="Ada Lind"))
    bring(archive, [folder / "plain.png"], Terms(model="old-model", by="Bo", title="Plain"))
    (folder / "watched").mkdir()
    picture(33).image().save(folder / "other.png")
    code = f"import shutil; shutil.copy(r'{folder / 'other.png'}', r'{folder / 'watched' / 'a.png'}')"
    run_command(archive, Job(command=[sys.executable, "-c", code], watch=folder / "watched", by="Ada Lind"))


def _opened(archive: Archive, uid: str) -> Picture:
    return Picture.open(archive.store.path(Digest(show(archive, uid).file_digest)))


def _png(pixels: Any) -> bytes:
    from provenance.export.encode import encode

    return encode(Picture(pixels), "png")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("full")
    with Archive.make(folder / "archive") as archive:
        yield filled(archive, folder)


@pytest.fixture(scope="module")
def sealed(full: Archive) -> Iterator[Archive]:
    copy = full.folder.with_name("sealed")
    shutil.copytree(full.folder, copy)
    with Archive(copy, passphrase=lambda: None) as archive:
        seal(archive)
        yield archive


@contextmanager
def altered(archive: Archive, *statements: tuple[str, *tuple[object, ...]]) -> Iterator[list[int]]:
    """Alter rows behind the archive's back, and put the database back afterwards. Gives the numbers of rows.

    What the database itself refuses counts -1.
    """
    path = archive.folder / "archive.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = path.read_bytes()
        database.execute("PRAGMA foreign_keys = OFF")
        rows = [_execute(database, statement, values) for statement, *values in statements]
    try:
        yield rows
    finally:
        archive.database.close()
        for name in ("-wal", "-shm"):
            path.with_name(path.name + name).unlink(missing_ok=True)
        path.write_bytes(before)


def _execute(database: sqlite3.Connection, statement: str, values: list[object]) -> int:
    try:
        return database.execute(statement, values).rowcount
    except sqlite3.IntegrityError:
        return -1


def test_an_untouched_archive_has_no_problems(full: Archive) -> None:
    assert list(chain_problems(full)) == []


def test_an_untouched_sealed_archive_has_no_problems(sealed: Archive) -> None:
    assert list(chain_problems(sealed)) == []


BY_SIGNATURES_AND_RULES = [
    ("run", "prompt = 'another'", "prompt IS NOT NULL", "prompt 'another'; what was signed says 'a face'"),
    ("run", "prompt = 'added'", "seed = '7'", "prompt 'added'; what was signed says nothing"),
    ("run", "seed = '8'", "seed = '1'", "run_seed '8'; what was signed says '1'"),
    ("run", "parameters = replace(parameters, '64', '65')", "seed = '7'", "width '65'; what was signed says '64'"),
    ("run", "parameters = replace(parameters, '\"pictures\"', '\"pixels\"')", "seed = '3'", "name different pictures"),
    ("run", "wanted = 3", "wanted = 2", "ended well with 3 artworks; 2 are there"),
    ("run", "started_at = started_at + 1", "seed = '7'", "when it began is not when it was written down"),
    ("run", "model_id = (SELECT model_id FROM run WHERE seed = '1')", "seed = '7'", "its row and its lineage name"),
    ("run", "id = 999", "seed = '7'", "has lost its row"),
    (
        "run_end",
        "outcome = 'failed'",
        "run_id = (SELECT id FROM run WHERE seed = '3')",
        "did not end well, and nothing says why",
    ),
    ("artwork", "seed = '9'", "seed = '8'", "seed '9'; what was signed says '8'"),
    ("artwork", "parameters = '{\"x\":1}'", "seed = '7'", "x '1'; what was signed says nothing"),
    ("artwork", "title = 'Mine'", "seed = '7'", "the title 'Mine'"),
    ("artwork", "title = NULL", "title = 'Plain'", "the title 'plain.png'; what was signed says 'Plain'"),
    ("artwork", "position = 2", "position = 1", "its run, place and pixels are not those of its id"),
    ("artwork", f"pixels_digest = '{'ab' * 32}'", "seed = '7'", "the pixels 'sha256:abab"),
    ("artwork", f"pixels_digest = '{'ab' * 32}'", "making = 'edited'", "the pixels 'sha256:abab"),
    ("artwork", "pixels_digest = 'broken'", "seed = '7'", "is not those of its id|cannot be read"),
    ("artwork", "width = 65", "seed = '7'", "its file has 64 x 48 pixels"),
    ("artwork", "media_type = 'image/gif'", "seed = '7'", "its media type is not that of its file"),
    ("artwork", "source_type = 'digitalCapture'", "seed = '7'", "the source type 'digitalCapture'"),
    ("artwork", "source_type = 'digitalCapture'", "making = 'edited'", "is not called digitalCapture"),
    ("artwork", "source_type = 'digitalCapture'", "title = 'Plain'", "making"),
    ("artwork", "made_at = made_at + 2000000", "seed = '7'", "the time of making"),
    ("artwork", "making = 'imported'", "seed = '7'", "was brought in, and the record of that is lost"),
    ("artwork", "making = 'generated'", "making = 'edited'", "an edit is recorded of it"),
    ("artwork", "run_id = NULL", "seed = '7'", "its row names no run"),
    ("artwork", "file_digest = (SELECT file_digest FROM artwork WHERE seed = '8')", "seed = '7'", "the artwork '"),
    ("edit", "note = NULL", "1", "note nothing; what was signed says 'the sky'"),
    ("edit", "tool = 'Krita'", "1", "the tool 'Krita not recorded'"),
    ("edit", "model = 'sd'", "1", "model 'sd'; what was signed says nothing"),
    ("edit", "actions = '[\"c2pa.cropped\"]'", "1", "the actions"),
    ("edit", "changed_share = 0.5", "1", "changed_share '0.500000'"),
    ("edit", "contributor_id = (SELECT id FROM contributor WHERE name = 'Cy')", "1", "name different things as by"),
    ("edit", "parent_id = (SELECT id FROM artwork WHERE seed = '8')", "1", "name different things as parent"),
    ("import", "program = 'GIMP'", "program IS NOT NULL", "claimed_program 'GIMP'"),
    ("import", "claims = replace(claims, 'fox', 'cat')", "program IS NOT NULL", "claimed_prompt 'a red cat'"),
    ("import", f"received_digest = '{'ab' * 32}'", "program IS NOT NULL", "received 'sha256:abab"),
    ("import", "name = 'x.png'", "program IS NOT NULL", "the title 'x.png'"),
    ("import", "imported_at = imported_at + 1", "program IS NOT NULL", "when it was brought in"),
    ("manifest", "label = label || 'x'", "id = 3", "the record of its signature is not that of what was signed"),
    ("manifest", "store_size = 7", "id = 3", "the record of its signature"),
    ("manifest", "state = 'Valid'", "id = 3", "recorded as Valid, and it is Trusted"),
    ("manifest", "codes = '[\"assertion.dataHash.mismatch\"]'", "id = 3", "does not hold as it did"),
    ("export", "disclosure = 'minimal'", "disclosure != 'public'", "the disclosure minimal, and its record full"),
    ("export", f"file_digest = '{'ab' * 32}'", "disclosure != 'public'", "the file sha256:abab"),
    ("export", "record = replace(record, 'a face', 'a hand')", "1", "told of run.prompt 'a hand'"),
    ("export", "media_type = 'image/gif'", "disclosure != 'public'", "is not the media type of the format png"),
    ("export", "name = 'x.png'", "disclosure != 'public'", "x.png is not how a file of its artwork is called"),
    ("export", f"pixels_digest = '{'ab' * 32}'", "disclosure != 'public'", "its format keeps every one"),
    ("export", "settings = '[]'", "disclosure != 'public'", "A row about exports cannot be read"),
    ("export", "exported_at = exported_at + 1", "disclosure != 'public'", "when it left is not when"),
    ("model", "licence = 'MIT'", "name = 'faces'", "licence 'MIT'; None was signed"),
    ("weights", "settings = '{}'", "1", "architecture '{}'"),
    ("weights", "identity = '{}'", "1", "what its row says of its parts"),
    ("weights", "size = size + 1", "1", "its weights have"),
    ("weights", "recorded_at = recorded_at + 1", "1", "when its weights came is not when it was written down"),
    ("weights", "file_digest = NULL", "1", "names no file for weights that were kept"),
    ("model", f"digest = '{'ab' * 32}'", "name = 'faces'", "was signed with other weights than its row names now"),
    ("training", "engine = 'other'", "1", "its training was that of another"),
    ("contributor", "name = 'Eve'", "name = 'Cy'", "the id is not that of the name 'Eve'"),
    ("identity", "subject = 'CN=Ada'", "1", "its subject is not that of its certificates"),
    ("rights", "signals = '[1]'", "id = 1", "The evidence on the rights of a work cannot be read"),
    ("environment", "record = 'no JSON'", "id = 1", "cannot be read, so that not all of them were checked"),
    ("environment", "digest = 'another'", "1", "its record is not that of its digest"),
    ("edge", "truth = 'claimed'", "role = 'parent'", "its step of lineage parent is called claimed"),
    ("edge", "truth = 'claimed'", "role = 'trained_on'", "its step of lineage trained_on is called claimed"),
    ("edge", "truth = 'reproduced'", "role = 'run'", "its step of lineage run is called reproduced"),
    ("edge", "truth = 'checked'", "role = 'creator'", "its step of lineage creator is called checked"),
    (
        "edge",
        "role = 'member'",
        "role = 'palette' AND parent_id = (SELECT min(id) FROM work)",
        "the works of its palette",
    ),
    ("edge", "role = 'like'", "role = 'style'", "name different pictures"),
    ("edge", "role = 'like'", "role = 'previous'", "version 2 has lost the step to the version before it"),
    ("edge", "parent_id = (SELECT id FROM contributor WHERE name = 'Bo')", "role = 'creator'", "names another creator"),
    (
        "edge",
        "parent_id = (SELECT id FROM contributor WHERE name = 'Bo')",
        "role = 'by' AND child_id = (SELECT id FROM run WHERE seed = '7')",
        "it and its run were made by different people",
    ),
]


ALONE = (
    "id",
    "model_id",
    "run_id",
    "making",
    "file_digest",
    "parent_id",
    "contributor_id",
    "codes",
    "state",
    "signals",
    "role",
)
"""Columns that are altered by themselves: so much hangs on them that they would hide others."""


def _rounds() -> list[list[tuple[str, str, str, str]]]:
    """Put alterations of different columns together, each of which is said by itself: a check takes a while."""
    rounds: dict[tuple[str, int], list[tuple[str, str, str, str]]] = {}
    met: dict[str, int] = {}
    for table, change, where, said in BY_SIGNATURES_AND_RULES:
        column = change.split(" ")[0]
        name = f"{table}.{column}"
        met[name] = met.get(name, 0) + 1
        alone = column in ALONE or "cannot be read" in said
        rounds.setdefault((name if alone else "", met[name]), []).append((table, change, where, said))
    return list(rounds.values())


@pytest.mark.parametrize("changes", _rounds(), ids=lambda changes: " ".join(sorted({each[0] for each in changes})))
def test_an_altered_value_is_found(full: Archive, changes: list[tuple[str, str, str, str]]) -> None:
    statements = [(f'UPDATE OR IGNORE "{table}" SET {change} WHERE {where}',) for table, change, where, _ in changes]
    with altered(full, *statements) as rows:
        problems = list(chain_problems(full))

    assert min(rows) > 0
    for *_, said in changes:
        assert any(each in problem for problem in problems for each in said.split("|")), (said, problems)


LOST = {
    "manifest": "has lost the record of its signature",
    "audit": "has lost the record of its checks",
    "edit": "was edited, and the record of the edit is lost",
    "import": "was brought in, and the record of that is lost",
    "export": "has lost its row",
    "run_end": "has lost the record of its end",
    "weights": "has lost the record of its weights",
    "fingerprint": "has lost its fingerprints",
    "artwork": "has lost its row",
    "identity": "None of the identities on record",
    "edge": "name different things as",
}


@pytest.mark.parametrize("table", LOST)
def test_deleted_rows_are_found(full: Archive, table: str) -> None:
    with altered(full, (f'DELETE FROM "{table}"',)):
        problems = list(chain_problems(full))

    assert any(LOST[table] in problem for problem in problems), problems


def test_an_artwork_that_was_deleted_whole_is_missed_by_its_run(full: Archive) -> None:
    with closing(sqlite3.connect(full.folder / "archive.sqlite")) as database:
        (row,) = database.execute("SELECT id FROM artwork WHERE seed = '8'").fetchone()
    keys = {"node": "id", "artwork": "id", "manifest": "node_id", "fingerprint": "node_id", "edge": "child_id"}
    keys |= {"audit": "artwork_id", "match": "artwork_id"}
    with altered(full, *((f'DELETE FROM "{table}" WHERE "{key}" = ?', row) for table, key in keys.items())):
        problems = list(chain_problems(full))

    assert any("ended well with 2 artworks; 1 are there" in problem for problem in problems), problems
    assert any("is kept, and the row that named it is lost" in problem for problem in problems), problems


def another(value: object) -> object:
    """Give another value of the same kind."""
    match value:
        case None:
            return "1"
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:]
        case int() | float():
            return value + 1
        case _:
            return f"{value}x"


@pytest.mark.parametrize("number", range(max(len(table.columns) for table in Base.metadata.tables.values())))
def test_every_column_of_every_table_is_sealed(sealed: Archive, number: int) -> None:
    tables = [table for table in Base.metadata.sorted_tables if len(table.columns) > number]
    statements: dict[str, tuple[str, object]] = {}
    for table in tables:
        column = list(table.columns)[number].name
        found = _first(sealed, f'SELECT "{column}" FROM "{table.name}" LIMIT 1')
        keys = ", ".join(f'"{key.name}"' for key in table.primary_key)
        change = (
            f'UPDATE "{table.name}" SET "{column}" = ? WHERE ({keys}) IN (SELECT {keys} FROM "{table.name}" LIMIT 1)'
        )
        if found is not None:
            statements[table.name] = (change, another(*found))

    with altered(sealed, *statements.values()) as rows:
        problems = " ".join(seal_problems(sealed))

    changed = [name for name, count in zip(statements, rows, strict=True) if count > 0]
    assert [name for name in changed if f" of {name} was " not in problems] == []
    assert changed


def _first(archive: Archive, query: str) -> tuple[object] | None:
    with closing(sqlite3.connect(archive.folder / "archive.sqlite")) as database:
        found: tuple[object] | None = database.execute(query).fetchone()
        return found


def test_every_deleted_row_is_sealed(sealed: Archive) -> None:
    for table in Base.metadata.tables:
        said = f" of {table} was deleted after it was sealed"
        with altered(sealed, (f'DELETE FROM "{table}"',)) as (rows,):
            problems = list(seal_problems(sealed))

        assert sum(said in problem for problem in problems) == min(rows, 20)


def test_what_comes_after_a_seal_is_sealed_by_the_next(make_archive: Callable[[str], Archive]) -> None:
    archive = make_archive("growing")
    generate(archive, Order(width=64, height=48))
    first = seal(archive)
    generate(archive, Order(width=64, height=48))
    assert list(chain_problems(archive)) == []

    with altered(archive, ("UPDATE audit SET works_compared = 9 WHERE id = 2",)):
        assert list(seal_problems(archive)) == [], "it was not sealed yet"
    second = seal(archive)
    with altered(archive, ("UPDATE audit SET works_compared = 9 WHERE id = 2",)):
        assert list(seal_problems(archive)) == ["The row 2 of audit was altered after it was sealed."]

    assert (first.number, second.number) == (1, 2)
    assert 0 < second.rows < first.rows


@pytest.mark.parametrize("name", ["000001.json", "000001.c2pa", "000001.rows.gz"])
def test_an_altered_or_lost_seal_is_found(make_archive: Callable[[str], Archive], name: str) -> None:
    archive = make_archive("altered-seal")
    seal(archive)
    seal(archive)
    path = archive.folder / "seals" / name
    data = path.read_bytes()
    path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    assert any("seal 000001" in problem for problem in chain_problems(archive))

    path.unlink()

    assert any("seal 00000" in problem for problem in chain_problems(archive))


def test_a_seal_of_another_identity_does_not_count(make_archive: Callable[[str], Archive]) -> None:
    """Who has the database and not the key can write a seal, but not sign it as the archive does."""
    archive, other = make_archive("ours"), make_archive("theirs")
    seal(archive)
    seal(other)
    statement = (archive.folder / "seals" / "000001.json").read_text(encoding="utf-8")
    forged = statement.replace('"audit":0', '"audit":1')
    (archive.folder / "seals" / "000001.json").write_text(forged, encoding="utf-8")
    claim = other.folder / "seals" / "000001.c2pa"
    (archive.folder / "seals" / "000001.c2pa").write_bytes(claim.read_bytes())

    assert any("is not as an identity of this archive signed it" in problem for problem in seal_problems(archive))


def test_seals_that_were_made_anew_are_found_by_one_kept_elsewhere(
    make_archive: Callable[[str], Archive], tmp_path: Path
) -> None:
    archive = make_archive("rewritten")
    kept = seal(archive, tmp_path).copy
    assert kept is not None
    assert kept_elsewhere(archive, kept) is None
    for path in (archive.folder / "seals").iterdir():
        path.unlink()
    seal(archive)

    assert list(chain_problems(archive)) == [], "the archive alone cannot tell"
    assert "rewritten or deleted" in (kept_elsewhere(archive, kept) or "")
    with pytest.raises(UsageError, match="not the statement of a seal"):
        kept_elsewhere(archive, tmp_path)
    with pytest.raises(UsageError, match="There is no folder"):
        seal(archive, tmp_path / "nowhere")


def test_altered_rows_are_found_in_both_databases(archive: Archive, tmp_path: Path) -> None:
    model = learnt(archive, tmp_path / "works")
    with start(archive, model, seed=1, prompt="a face") as run:
        run.add(picture(100, 24, 16))
    export(archive, run.artworks, tmp_path / "out", Form())
    withdraw(archive, "faces-works", ["work-1.png"], reason="asked", by="Ada Lind")
    seal(archive)
    assert list(chain_problems(archive)) == []

    with archive.database.write() as session:
        session.execute(text("UPDATE run SET prompt = 'another' WHERE prompt IS NOT NULL"))
        session.execute(text("UPDATE edge SET truth = 'claimed' WHERE role = 'member'"))
        session.execute(text("UPDATE finding SET sentence = 'Nothing.'"))
        session.execute(text("DELETE FROM withdrawal"))

    problems = list(chain_problems(archive))
    said = ("prompt 'another'", "member is called claimed", "of finding was altered", "of withdrawal was deleted")
    for each in (*said, "told of run.prompt 'a face'"):
        assert any(each in problem for problem in problems), (each, problems)
