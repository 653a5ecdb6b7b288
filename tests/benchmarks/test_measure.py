import numpy as np
import pytest

from benchmarks.detection.measure import Table, ranking, recall_over, recalls, threshold_at, wilson
from benchmarks.detection.record import Record
from benchmarks.detection.targets import judged


def copy(subject: str, attack: str, target: float | None, *wrong: float, kin: float | None = None) -> Record:
    first = target is not None and all(target > other for other in wrong)
    return Record(
        kind="copy",
        subject=subject,
        origin="openmoji",
        attack=attack,
        target=target,
        kin=target if kin is None else kin,
        best=max([*wrong, *([] if target is None else [target])], default=None),
        wrong=wrong,
        first_is_right=first,
    )


def innocent(subject: str, *scores: float) -> Record:
    return Record(
        kind="innocent",
        subject=subject,
        origin="openmoji",
        attack="as-it-is",
        target=None,
        kin=None,
        best=max(scores, default=None),
        wrong=scores,
        first_is_right=False,
    )


def test_the_threshold_lets_exactly_the_wanted_share_through() -> None:
    flags = np.arange(1000.0)
    threshold = threshold_at(flags, 0.01)

    assert (flags > threshold).sum() == 10


def test_equal_scores_are_never_parted_so_fewer_are_flagged() -> None:
    flags = np.array([5.0] * 20 + [1.0] * 980)

    assert (flags > threshold_at(flags, 0.01)).sum() == 0
    assert (flags > threshold_at(flags, 0.02)).sum() == 20


def test_innocents_without_any_answer_are_never_flagged() -> None:
    assert threshold_at(np.full(100, -np.inf), 0.01) == -np.inf


def test_each_attack_counts_alike_however_many_copies_it_has() -> None:
    found = [copy(f"w{number}", "jpeg-10", 9.0) for number in range(8)]
    missed = [copy("w0", "jpeg-50", 1.0), copy("w1", "jpeg-50", None)]
    table = Table.of([*found, *missed, *(innocent(f"i{number}", 5.0) for number in range(100))])
    measured = recalls(table, 0.01)

    assert measured["jpeg"].value == pytest.approx(0.5)
    assert measured["attack: jpeg-10"].value == 1
    assert measured["attack: jpeg-50"].value == 0


def test_crops_beyond_the_targets_are_not_in_all() -> None:
    records = [copy("w", "jpeg-10", 9.0), copy("w", "crop-85-off-centre", 1.0), innocent("i", 5.0)]
    measured = recalls(Table.of(records), 0.01)

    assert measured["all"].value == 1
    assert measured["crop>60"].value == 0


def test_a_relative_that_is_found_counts_only_among_kin() -> None:
    measured = recalls(Table.of([copy("w", "jpeg-10", 1.0, kin=9.0), innocent("i", 5.0)]), 0.01)

    assert (measured["all"].value, measured["all, kin"].value) == (0, 1)


def test_an_interval_of_few_works_is_wide_even_where_all_was_found() -> None:
    records = [copy(f"w{number}", "jpeg-10", 9.0) for number in range(4)]
    measured = recalls(Table.of([*records, innocent("i", 5.0)]), 0.01)

    assert measured["jpeg"].high == 1
    assert measured["jpeg"].low < 0.6


def test_an_interval_holds_the_value_and_knows_that_works_hang_together() -> None:
    random = np.random.default_rng(1)
    hard = [copy(f"w{w}", "jpeg-10", 9.0 if random.random() < 0.7 else 1.0) for w in range(40)]
    together = [one for one in hard for _ in range(25)]
    measured = recalls(Table.of([*together, innocent("i", 5.0)]), 0.01)["jpeg"]

    assert measured.low < measured.value < measured.high
    assert measured.high - measured.low > 0.2  # 40 works, and not 1,000 queries


def test_a_threshold_from_elsewhere_is_held_as_it_is() -> None:
    records = [copy("a", "jpeg-10", 6.0), copy("b", "jpeg-10", 3.0), innocent("i", 5.0)]

    assert recall_over(Table.of(records), 4.0)["all"] == 0.5


def test_average_precision_is_over_all_pairs_together() -> None:
    records = [copy("a", "jpeg-10", 9.0, 2.0), copy("b", "jpeg-10", 7.0, 1.0), innocent("i", 8.0)]
    measured = ranking(records)

    assert measured["uAP"].value == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert measured["R@P90"].value == pytest.approx(0.5)
    assert measured["R@1"].value == 1


def test_a_work_that_was_not_answered_lowers_the_average_precision() -> None:
    assert ranking([copy("a", "jpeg-10", 9.0), copy("b", "jpeg-10", None, 1.0)])["uAP"].value == pytest.approx(0.5)


def test_among_equal_scores_the_wrong_pairs_come_first() -> None:
    assert ranking([copy("a", "jpeg-10", 5.0, 5.0)])["uAP"].value == pytest.approx(0.5)


def test_wilson_agrees_with_the_textbook() -> None:
    share = wilson(10, 100)

    assert (share.low, share.high) == pytest.approx((0.0552, 0.1744), abs=1e-4)
    assert wilson(0, 0)[1:3] == (0, 1)


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        ((0.99, 0.98, 1.0), "reached"),
        ((0.98, 0.96, 0.99), "reached, though the interval goes below"),
        ((0.96, 0.94, 0.98), "missed, though the interval goes above"),
        ((0.9, 0.89, 0.91), "missed"),
    ],
)
def test_a_target_is_told_with_what_the_interval_leaves_open(figure: tuple[float, float, float], expected: str) -> None:
    assert judged(*figure, 0.97) == expected
