"""Processes answer questions about an archive: in order, some at a time, and none outlives whoever asked."""

import os
from collections.abc import Iterator

import cv2
import faiss
import pytest
import torch
from crews import dying, facts, refusing, threads, unprepared

from provenance.archive.archive import Archive
from provenance.archive.crew import answered, crew_size, one_thread
from provenance.errors import EngineError, NotFoundError
from provenance.settings import processors


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_answers_come_in_order_from_processes_that_open_the_archive_and_end(archive: Archive) -> None:
    said = list(answered(archive, facts, range(20), processes=2))

    assert [number for number, _, _ in said] == list(range(20))
    assert {uid for _, _, uid in said} == {archive.uid}
    helping = {process for _, process, _ in said}
    assert len(helping) == 2
    assert os.getpid() not in helping
    assert not any(map(is_running, helping))


def test_while_one_takes_long_only_a_few_more_are_taken(plain_archive: Archive) -> None:
    taken = 0

    def questions() -> Iterator[int]:
        nonlocal taken
        while taken < 1000:
            taken += 1
            yield taken

    answers = answered(plain_archive, facts, questions(), processes=2)
    first, helping, _ = next(answers)

    assert first == 1
    assert 2 < taken <= 9
    answers.close()
    assert not is_running(helping)


def test_one_process_is_this_one(plain_archive: Archive) -> None:
    assert [process for _, process, _ in answered(plain_archive, facts, [1], processes=1)] == [os.getpid()]


@pytest.mark.parametrize("processes", [1, 2])
def test_libraries_work_on_one_thread_and_afterwards_as_before(plain_archive: Archive, processes: int) -> None:
    before = torch.get_num_threads(), cv2.getNumThreads(), faiss.omp_get_max_threads()

    assert list(answered(plain_archive, threads, ["torch", "cv2", "faiss"], processes=processes)) == [1, 1, 1]
    assert before == (torch.get_num_threads(), cv2.getNumThreads(), faiss.omp_get_max_threads())


def test_one_thread_is_put_back_after_an_error_too() -> None:
    before = cv2.getNumThreads()
    with pytest.raises(ValueError, match="so"), one_thread():
        raise ValueError("so")

    assert cv2.getNumThreads() == before


@pytest.mark.parametrize("processes", [1, 2])
def test_what_goes_wrong_is_said_as_it_is(plain_archive: Archive, processes: int) -> None:
    answers = answered(plain_archive, refusing, [1, 2, 3, 4], processes=processes)
    assert [next(answers), next(answers)] == [1, 2]
    with pytest.raises(NotFoundError, match="There is no 3"):
        next(answers)
    with pytest.raises(NotFoundError, match="nothing to begin with"):
        list(answered(plain_archive, unprepared, [1, 2, 3], processes=processes))


def test_a_process_that_is_killed_is_a_sentence(plain_archive: Archive) -> None:
    with pytest.raises(EngineError, match=r"SIGKILL.*call again"):
        list(answered(plain_archive, dying, range(6), processes=2))


def test_few_pictures_are_not_worth_a_process() -> None:
    assert crew_size(0) == crew_size(60) == 1
    assert 1 <= crew_size(10_000) <= processors()
