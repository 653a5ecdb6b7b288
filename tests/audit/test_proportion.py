import pytest
from scipy.stats import binomtest

from provenance.audit.proportion import interval


@pytest.mark.parametrize("level", [0.95, 0.999])
@pytest.mark.parametrize(("found", "of"), [(0, 10), (3, 10), (10, 10), (1, 1), (4, 2000)])
def test_an_exact_interval_is_that_of_scipy(found: int, of: int, level: float) -> None:
    assert interval(found, of, level) == pytest.approx(tuple(binomtest(found, of).proportion_ci(level)))


def test_of_nothing_all_is_possible() -> None:
    assert interval(0, 0) == (0.0, 1.0)
