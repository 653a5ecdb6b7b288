import json
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from small_corpus import small_corpus

from benchmarks.detection import results, run
from benchmarks.detection.attacks import attack_named
from benchmarks.detection.candidates import write_candidates
from benchmarks.detection.corpus import Work, read_corpus
from benchmarks.detection.detector import Scored
from benchmarks.detection.page import page_of, tell
from benchmarks.detection.peers import PEERS
from benchmarks.detection.plan import Plan
from benchmarks.detection.queries import Query, copies, innocents, sample
from benchmarks.detection.record import Answer, judged
from provenance.errors import UsageError

WORKS = [
    *(("openclipart", f"clip-{number}", f"Creator {number % 6}", f"series {number // 2}") for number in range(12)),
    ("wallpapers", "dunes", "", "dunes"),
    ("wallpapers", "reef", "", "reef"),
]
ATTACKS = [attack_named(name) for name in ("as-it-is", "jpeg-50", "side-by-side")]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder = tmp_path_factory.mktemp("plan")
    corpus, work = small_corpus(folder / "corpus", WORKS), folder / "work"
    everything = read_corpus(corpus)
    return Plan.make(
        everything=everything, work=work, split="report", works=3, innocents=20, attacks=ATTACKS, gan=None, seed=1
    )


@pytest.fixture(scope="module")
def answered(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> list[Answer]:
    return put(plan, tmp_path_factory.mktemp("answered"))


def put(plan: Plan, folder: Path, processes: int = 1) -> list[Answer]:
    detector = PEERS["imagehash-phash"]()
    return run.put(detector, plan.gallery, plan.queries, folder / "answers.jsonl", processes=processes)


def test_the_same_seed_draws_the_same_queries(tmp_path: Path) -> None:
    works = read_corpus(small_corpus(tmp_path, WORKS))

    assert list(copies(works, works, seed=1)) == list(copies(works, works, seed=1))
    assert list(copies(works, works, seed=1)) != list(copies(works, works, seed=2))


def test_a_work_is_asked_the_same_however_many_are_asked(tmp_path: Path) -> None:
    works = read_corpus(small_corpus(tmp_path, WORKS))
    few, all_ = ({q.name for q in copies(asked, works, seed=1)} for asked in (works[:2], works))

    assert few < all_


def test_the_others_in_a_collage_are_by_others(tmp_path: Path) -> None:
    works = read_corpus(small_corpus(tmp_path, WORKS))
    creators = {work.uid: work.creator for work in works}

    for query in copies(works, works, seed=1):
        assert creators[query.subject] not in {creators[uid] for uid in query.parts}


def test_a_larger_sample_holds_the_smaller_and_takes_from_each_source(tmp_path: Path) -> None:
    works = read_corpus(small_corpus(tmp_path, WORKS))
    few, more = sample(works, 4, 1), sample(works, 8, 1)

    assert more[:4] == few
    assert {work.source for work in few} == {"openclipart", "wallpapers"}


def test_an_innocent_is_searched_without_its_creator_its_series_and_its_partners(plan: Plan) -> None:
    for query in plan.queries:
        left_out = plan.gallery.without(query)
        if query.kind == "copy":
            assert not left_out
        elif query.subject in plan.gallery.works:
            work = plan.gallery.works[query.subject]
            assert {w.uid for w in plan.gallery.works.values() if work.creator == w.creator} <= left_out
            assert {w.uid for w in plan.gallery.works.values() if work.series == w.series} <= left_out
            assert set(query.parts) <= left_out


def test_innocents_come_from_every_work_before_any_comes_twice(tmp_path: Path) -> None:
    works = read_corpus(small_corpus(tmp_path, WORKS))
    asked = list(innocents(works, count=len(works) + 3, seed=1))

    assert {query.subject for query in asked[: len(works)]} == {work.uid for work in works}
    assert len({query.name for query in asked}) == len(asked)


def test_pictures_by_machines_are_among_the_innocents(plan: Plan) -> None:
    made = [query for query in plan.queries if query.subject.startswith("art/")]

    assert len(made) == 3
    assert plan.gallery.pixels(made[0]).shape == (512, 512, 3)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # Python 3.12 and later, where threads run
def test_what_was_answered_is_not_asked_again(plan: Plan, tmp_path: Path) -> None:
    class Silent:
        name = "silent"

        def fit(self, works: Sequence[Work]) -> None:
            raise AssertionError(works)

        def search(self, query: NDArray[np.uint8], *, without: Collection[str] = ()) -> list[Scored]:
            raise AssertionError(query, without)

    first = put(plan, tmp_path, processes=2)
    again = run.put(Silent(), plan.gallery, plan.queries, tmp_path / "answers.jsonl", processes=1)

    assert [answer.found for answer in first] == [answer.found for answer in again]


def test_a_line_that_broke_off_is_asked_again(plan: Plan, tmp_path: Path) -> None:
    put(plan, tmp_path)
    answers = tmp_path / "answers.jsonl"
    whole = answers.read_bytes()
    answers.write_bytes(whole[:-40])
    put(plan, tmp_path)

    names = [Answer.read(line).query for line in answers.read_text(encoding="utf-8").splitlines()[1:]]
    assert sorted(names) == sorted(query.name for query in plan.queries)


def test_answers_about_other_works_are_refused(plan: Plan, tmp_path: Path) -> None:
    put(plan, tmp_path)
    answers = tmp_path / "answers.jsonl"
    answers.write_text(answers.read_text(encoding="utf-8").replace('"works": 14', '"works": 13'), encoding="utf-8")

    with pytest.raises(UsageError, match="--fresh"):
        put(plan, tmp_path)


def test_a_perfect_copy_is_found_and_an_innocent_never_finds_its_own_creator(
    plan: Plan, answered: list[Answer]
) -> None:
    for query, answer in zip(plan.queries, answered, strict=True):
        if query.kind == "copy" and query.attack == "as-it-is":
            assert answer.found[0] == (query.subject, 0.0)
        assert not {uid for uid, _score in answer.found} & plan.gallery.without(query)


def test_another_part_of_a_collage_is_neither_right_nor_wrong(plan: Plan) -> None:
    collages = [q for q in plan.queries if q.kind == "copy" and q.attack == "side-by-side"]
    query = next(q for q in collages if q.parts[0] not in plan.gallery.kin(q))
    found = [Scored(uid=uid, score=score) for uid, score in ((query.parts[0], 3.0), (query.subject, 2.0))]
    answer = Answer.of(query, found, plan.gallery, cpu=0, wall=0, stages={})
    record = judged(query, answer, plan.gallery)

    assert (record.target, record.wrong, record.first_is_right) == (2.0, (), True)


def test_a_collage_of_too_few_creators_is_refused(tmp_path: Path) -> None:
    works = read_corpus(small_corpus(tmp_path, WORKS[:1]))

    with pytest.raises(UsageError, match="needs works of 2 creators"):
        list(copies(works, works, seed=1, attacks=ATTACKS))


def test_the_page_tells_targets_and_sources_of_false_flags(plan: Plan, answered: list[Answer], tmp_path: Path) -> None:
    summary = results.summarised("imagehash-phash", plan, answered, {"0.001": -4.0})
    results.write_results(tmp_path, plan, summary)
    kept = results.read_results(tmp_path, "report")
    page = page_of(kept, "")

    assert "Database: 14 works" in page
    assert "| imagehash-phash |" in page
    assert "| jpeg-50 | jpeg | 100.0 |" in page
    assert "$" not in page
    assert results.thresholds(tmp_path, "report", "imagehash-phash").keys() == {"0.01", "0.001"}
    assert "20 innocents are few for a rate of 0.001" in results.shown(summary)


def test_what_learning_a_work_took_is_noted(plan: Plan, tmp_path: Path) -> None:
    assert run.learning(tmp_path / "answers.jsonl") is None

    put(plan, tmp_path)

    noted = run.learning(tmp_path / "answers.jsonl")
    assert noted is not None
    assert 0 < noted < 10_000


def test_the_page_holds_our_detector_against_every_target_that_was_measured(
    plan: Plan, answered: list[Answer], tmp_path: Path
) -> None:
    summary = results.summarised("prov", plan, answered, {})
    results.write_results(tmp_path, plan, summary)
    summary["learning"] = 40.0
    summary["rates"]["0.001"]["recall"]["jpeg"] = (0.5, 0.4, 0.6, 3)
    summary["rates"]["0.001"]["recall"]["all"] = (1.0, 0.98, 1.0, 3)
    page = page_of({"prov": summary}, "## jpeg\n\nThe moon was full.\n\n## all\n\nNobody asked.\n")

    assert "| jpeg | 50.0 % (40.0 to 60.0) | 99.5 % | missed |" in page
    assert "takes 40 ms of one core: 25 works a second" in page
    assert "| all | 100.0 % (98.0 to 100.0) | 97 % | reached |" in page
    assert "The moon was full." in page
    assert "Nobody asked." not in page


def test_the_judge_is_told_how_its_own_line_did_and_of_no_other_line(tmp_path: Path) -> None:
    judge = tmp_path / "judge.json"
    judge.write_text('{"lines": {"at": {"0.001": 2.5}}, "reported": {"flagged": 0, "innocents": 9}}', encoding="utf-8")

    tell({"elsewhere": {"0.001": {"threshold": 3.0, "false flags": [0.5, 0.4, 0.6, 200]}}}, judge)
    assert json.loads(judge.read_text(encoding="utf-8"))["reported"] == {"flagged": 0, "innocents": 9}
    tell({"elsewhere": {"0.001": {"threshold": 2.5, "false flags": [0.015, 0.0, 0.1, 200]}}}, judge)
    assert json.loads(judge.read_text(encoding="utf-8"))["reported"] == {"flagged": 3, "innocents": 200}


def test_detectors_that_were_asked_other_things_are_not_put_side_by_side(plan: Plan, answered: list[Answer]) -> None:
    one = results.summarised("prov", plan, answered, {})
    other = one | {"detector": "other", "plan": {**one["plan"], "seed": 2}}

    with pytest.raises(UsageError, match="other was asked other queries than prov"):
        page_of({"prov": one, "other": other}, "")


def test_candidates_for_relations_are_shown_once_a_pair(plan: Plan, answered: list[Answer], tmp_path: Path) -> None:
    sheet = write_candidates(tmp_path / "candidates", plan, answered)
    rows = sheet.with_suffix(".csv").read_text(encoding="utf-8").splitlines()

    pairs = [frozenset(row.split(",")[:2]) for row in rows[1:]]
    assert sheet.exists()
    assert len(set(pairs)) == len(pairs) > 0


def test_a_query_tells_all_that_it_takes_to_make_it_again(plan: Plan) -> None:
    query = next(q for q in plan.queries if q.attack == "side-by-side")
    again = Query(**{name: getattr(query, name) for name in Query.__slots__})

    assert np.array_equal(plan.gallery.pixels(query), plan.gallery.pixels(again))
