"""What an external program writes is recorded, however the program ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pictures import picture
from sqlalchemy import select

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.command import Done, Job, run_command
from provenance.archive.detail import Detail, show
from provenance.archive.lineage import lineage
from provenance.archive.process import program_path, run_process
from provenance.archive.publish import Form, export
from provenance.archive.search import artworks
from provenance.archive.verify import verify
from provenance.archive.watch import Watch
from provenance.digest import Digest
from provenance.errors import UsageError

Run = Callable[..., Done]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Give a folder of finished pictures that programs copy from."""
    folder = tmp_path / "source"
    folder.mkdir()
    for seed in range(3):
        picture(seed).image().save(folder / f"{seed}.png")
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def run(plain_archive: Archive, out: Path, source: Path) -> Run:
    """Run a few lines of Python, which see `out`, `source` and `copy(name, to=name)`, as the external program."""
    head = (
        "import os, pathlib, shutil, signal, sys, time\n"
        f"out, source = pathlib.Path({str(out)!r}), pathlib.Path({str(source)!r})\n"
        "out.mkdir(exist_ok=True)\n"
        "copy = lambda name, to=None: shutil.copyfile(source / name, out / (to or name))\n"
    )

    def call(lines: str, **said: object) -> Done:
        command = [sys.executable, "-S", "-c", head + lines]
        return run_command(plain_archive, Job(command=command, watch=out, **said))  # type: ignore[arg-type]

    return call


def ended(archive: Archive) -> tuple[str, str]:
    with archive.database.read() as session:
        end = session.scalars(select(schema.RunEnd)).one()
        return end.outcome, end.message or ""


def details(archive: Archive, done: Done) -> list[Detail]:
    return [show(archive, uid) for uid in done.artworks]


def test_pictures_that_appear_are_recorded_as_claimed(plain_archive: Archive, run: Run, out: Path) -> None:
    out.mkdir()
    picture(9).image().save(out / "before.png")
    done = run("copy('0.png'); (out / 'deep').mkdir(); copy('1.png', 'deep/1.png')", model="mine", by="Ada Lind")

    assert (done.code, done.refused) == (0, [])
    found = details(plain_archive, done)
    assert sorted(each.imported["name"] for each in found if each.imported) == ["0.png", "deep/1.png"]
    assert {(each.making, each.by, each.label.split(",")[0]) for each in found} == {("generated", "Ada Lind", "mine")}
    assert {step.truth for step in lineage(plain_archive, found[0].uid).steps} == {"claimed"}
    assert ended(plain_archive) == ("finished", "The command ended with exit code 0.")


def test_the_files_stay_as_they_are_and_are_kept(plain_archive: Archive, run: Run, out: Path, source: Path) -> None:
    done = run("copy('0.png')")

    imported = details(plain_archive, done)[0].imported
    assert imported is not None
    kept = plain_archive.store.read(Digest(imported["received_digest"]))
    assert kept == (out / "0.png").read_bytes() == (source / "0.png").read_bytes()


def test_the_command_and_its_program_are_recorded(plain_archive: Archive, run: Run) -> None:
    done = run("copy('0.png')")

    record = details(plain_archive, done)[0].run
    assert record is not None
    assert record["parameters"]["command"][:3] == [sys.executable, "-S", "-c"]
    assert record["parameters"]["program_digest"] == str(Digest.of_file(Path(sys.executable)))


def test_a_command_that_fails_keeps_its_pictures_and_passes_its_code_on(plain_archive: Archive, run: Run) -> None:
    done = run("copy('0.png'); sys.exit(7)")

    assert (done.code, len(done.artworks)) == (7, 1)
    assert ended(plain_archive) == ("failed", "The command ended with exit code 7.")


def test_a_command_that_dies_of_a_signal_is_told_by_it(plain_archive: Archive, run: Run) -> None:
    done = run("os.kill(os.getpid(), signal.SIGKILL)")

    assert done.code == 128 + signal.SIGKILL
    assert "SIGKILL" in done.ending


def test_a_command_that_hangs_is_stopped_with_all_that_it_started(plain_archive: Archive, run: Run, out: Path) -> None:
    lines = "copy('0.png')\nchild = os.fork()\nif child: (out / 'pid').write_text(str(child))\ntime.sleep(60)"
    begun = time.monotonic()
    done = run(lines, timeout=1.5)

    assert (done.code, len(done.artworks)) == (124, 1)
    assert time.monotonic() - begun < 20
    assert ended(plain_archive)[0] == "failed"
    with pytest.raises(ProcessLookupError):
        _wait_gone(int((out / "pid").read_text()))


def test_a_command_that_writes_nothing_is_recorded_and_is_no_success(plain_archive: Archive, run: Run) -> None:
    done = run("(out / 'log.txt').write_text('talk')")

    assert (done.code, done.artworks, done.refused) == (1, (), [])
    assert "It left no picture in" in done.ending
    assert ended(plain_archive)[0] == "finished"


def test_half_a_file_is_told_and_not_recorded(plain_archive: Archive, run: Run, source: Path) -> None:
    done = run("copy('0.png'); (out / 'half.png').write_bytes((source / '1.png').read_bytes()[:2000])")

    assert (done.code, len(done.artworks)) == (1, 1)
    assert [each.name for each in done.refused] == ["half.png"]
    assert "written by half" in done.refused[0].sentence
    assert "half.png" in ended(plain_archive)[1]


def test_a_file_that_is_written_slowly_is_taken_up_when_it_is_whole(plain_archive: Archive, run: Run) -> None:
    lines = (
        "data = (source / '0.png').read_bytes()\n"
        "with (out / 'slow.png').open('wb', buffering=0) as file:\n"
        "    for part in (data[:2000], data[2000:-1], data[-1:]): file.write(part); time.sleep(1)"
    )
    done = run(lines)

    assert (done.code, done.refused) == (0, [])
    assert [each.pixels_digest for each in details(plain_archive, done)] == [picture(0).digest.hex]


def test_a_picture_is_known_by_its_content_and_taken_up_while_the_command_runs(
    plain_archive: Archive, out: Path, source: Path
) -> None:
    heard: list[float] = []
    line = (
        "import pathlib, shutil, time\n"
        f"shutil.copyfile({str(source / '0.png')!r}, {str(out / 'picture.tmp')!r}); time.sleep(2.5)"
    )
    out.mkdir()
    job = Job(command=[sys.executable, "-S", "-c", line], watch=out)
    done = run_command(plain_archive, job, taken=lambda _: heard.append(time.monotonic()))

    assert len(done.artworks) == 1
    assert time.monotonic() - heard[0] > 0.5


def test_a_changed_file_is_taken_up_and_an_untouched_one_is_not(plain_archive: Archive, run: Run, out: Path) -> None:
    out.mkdir()
    for name in ("old.png", "changed.png"):
        picture(7).image().save(out / name)
    done = run("copy('0.png', 'changed.png'); copy('0.png', 'same.png')")

    found = details(plain_archive, done)
    assert [each.pixels_digest for each in found] == [picture(0).digest.hex]


def test_content_credentials_of_the_program_come_along(
    plain_archive: Archive, run: Run, source: Path, make_archive: Callable[..., Archive]
) -> None:
    other = make_archive("other")
    with other.run("their-model") as made:
        made.add(picture(8))
    signed = export(other, list(made.artworks), source, Form())[0].path
    done = run(f"copy({signed.name!r})")

    detail = details(plain_archive, done)[0]
    result = verify(plain_archive, plain_archive.store.path(Digest(detail.file_digest)))
    assert result.exit_code == 0
    assert result.reading.actions[0].action == "c2pa.opened"
    assert result.reading.ingredients[0].label == verify(None, signed).reading.label


def test_the_archives_own_files_become_no_second_artwork(
    plain_archive: Archive, run: Run, source: Path, tmp_path: Path
) -> None:
    with plain_archive.run("my-model") as made:
        made.add(picture(8))
    signed = export(plain_archive, list(made.artworks), source, Form())[0].path
    done = run(f"copy({signed.name!r})")

    assert (done.artworks, [each.uid for each in done.already]) == ((), list(made.artworks))


def test_files_with_the_same_bytes_are_told_with_their_names(plain_archive: Archive, run: Run) -> None:
    done = run("copy('0.png'); copy('0.png', 'b.png'); copy('1.png'); copy('0.png', 'c.png'); copy('1.png', 'd.png')")

    pairs = {"0.png", "b.png", "c.png"}, {"1.png", "d.png"}
    taken = {detail.imported["name"]: detail.uid for detail in details(plain_archive, done) if detail.imported}
    assert len(taken) == 2
    assert {each.name for each in done.already} == set().union(*pairs) - set(taken)
    for known in done.already:
        (first,) = next(pair for pair in pairs if known.name in pair) & set(taken)
        assert known.uid == taken[first]
        assert known.sentence == f"{known.name} has the same bytes as {first}. Nothing new was recorded."
    said = "3 files have the bytes of earlier ones and are not recorded again."
    assert done.ending == f"The command ended with exit code 0. {said}"
    assert ended(plain_archive)[1] == done.ending
    assert done.code == 0


def test_a_copy_of_an_own_file_is_that_artwork_too(plain_archive: Archive, run: Run, source: Path) -> None:
    with plain_archive.run("my-model") as made:
        made.add(picture(8))
    signed = export(plain_archive, list(made.artworks), source, Form())[0].path
    done = run(f"copy({signed.name!r}); copy({signed.name!r}, 'z.png')")

    assert [each.uid for each in done.already] == list(made.artworks) * 2


def test_a_file_that_is_written_once_more_is_no_copy(plain_archive: Archive, run: Run) -> None:
    done = run("copy('0.png'); time.sleep(1.2); copy('0.png')")

    assert (len(done.artworks), done.already) == (1, [])


@pytest.mark.parametrize(
    ("text", "mode", "named", "said"),
    [
        ("#!/bin/sh\n", 0o600, "./program", r"\./program is not executable\. Allow it with chmod \+x"),
        ("echo\n", 0o700, "./program", r"does not say in its first line what runs it.*`sh \./program`"),
        ("#!/no/such/thing\n", 0o700, "./program", r"names in its first line to run it is not there.*`sh \./program`"),
        ("#!/bin/sh\n", 0o700, "program", r"no program program on the search path.*Write \./program"),
        ("#!/bin/sh\n", 0o700, "./absent", r"no program \./absent\. Check the path: it begins at /"),
        ("#!/bin/sh\n", 0o700, "./", r"\./ is a folder, not a program"),
        ("#!/bin/sh\n", 0o700, "", r"No program is named"),
        ("#!/bin/sh\n", 0o700, "./" + "x" * 300, r"no program \./xxx"),
    ],
)
def test_a_program_that_cannot_be_run_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, mode: int, named: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "program").write_text(text)
    (tmp_path / "program").chmod(mode)

    with pytest.raises(UsageError, match=said):
        program_path([named])
        run_process([named], meanwhile=lambda: 1.0)


def test_nothing_is_recorded_of_a_command_that_cannot_be_run(plain_archive: Archive, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for job, said in (
        (Job(command=["no-such-program"], watch=tmp_path), "no program no-such-program"),
        (Job(command=[sys.executable], watch=file), "not a folder"),
        (Job(command=[sys.executable], watch=tmp_path, timeout=0), "time-out"),
        (Job(command=[sys.executable], watch=tmp_path, model=" "), "not a name"),
    ):
        with pytest.raises(UsageError, match=said):
            run_command(plain_archive, job)

    with plain_archive.database.read() as session:
        assert session.scalars(select(schema.Run)).first() is None


def test_an_archive_in_the_watched_folder_is_not_looked_into(plain_archive: Archive, tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    with plain_archive.run("my-model") as made:
        made.add(picture(1))
    picture(2).image().save(tmp_path / "new.png")

    assert artworks(plain_archive)[0].uid == made.artworks[0]
    assert watch.whole(ended=True) == [tmp_path / "new.png"]


def test_what_goes_wrong_meanwhile_ends_the_command() -> None:
    def meanwhile() -> float:
        raise OSError("the disk is full")

    begun = time.monotonic()
    with pytest.raises(OSError, match="the disk is full"):
        run_process([sys.executable, "-S", "-c", "import time; time.sleep(60)"], meanwhile=meanwhile)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("what", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_reaches_the_command_and_keeps_what_was_whole(
    make_archive: Callable[..., Archive], out: Path, source: Path, tmp_path: Path, what: signal.Signals
) -> None:
    make_archive().close()
    out.mkdir()
    line = (
        "import shutil, time\n"
        f"shutil.copyfile({str(source / '0.png')!r}, {str(out / '0.png')!r})\n"
        f"try: time.sleep(60)\nexcept KeyboardInterrupt: open({str(tmp_path / 'heard')!r}, 'w').close()"
    )
    program = (
        "import sys, pathlib\nfrom provenance.archive import open_archive\n"
        "from provenance.archive.command import Job, run_command\n"
        f"with open_archive({str(tmp_path / 'archive')!r}) as archive:\n"
        f"    job = Job(command=[sys.executable, '-S', '-c', {line!r}], watch=pathlib.Path({str(out)!r}))\n"
        "    done = run_command(archive, job, taken=lambda name: print(name, flush=True))\n"
        "    print(done.stopped, len(done.artworks))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0.png\n"
        process.send_signal(what)
        said, _ = process.communicate(timeout=60)

    assert said == "True 1\n"
    assert (tmp_path / "heard").exists()


def _wait_gone(pid: int) -> None:
    """Raise ProcessLookupError as soon as the process has gone; zombies of others count as gone."""
    for _ in range(100):
        os.kill(pid, 0)
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            state = "?"
        if state == "Z":
            raise ProcessLookupError
        time.sleep(0.05)


def test_an_archive_is_not_watched(plain_archive: Archive) -> None:
    job = Job(command=("true",), watch=plain_archive.folder)

    with pytest.raises(UsageError, match="is an archive itself"):
        run_command(plain_archive, job)
