"""`prov audit`: what is said of artworks that are held against works."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scenes import drawing

Refused = Callable[..., str]
Prov = Callable[..., Any]


@pytest.fixture
def works(here: Path) -> Path:
    folder = here / "works"
    folder.mkdir()
    for number in range(6):
        drawing(number).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def copied(prov: Prov, works: Path, here: Path) -> Path:
    """A picture that holds a part of a work, in the archive."""
    prov("dataset", "add", "drawings", works)
    path = here / "copy.png"
    drawing(3).rotate(12, fillcolor="white").crop((30, 30, 230, 230)).save(path)
    prov("import", path)
    return path


def test_a_copy_is_said_with_the_line_and_the_exit_code_tells(prov: Prov, copied: Path) -> None:
    outcome = prov("audit", "--all")

    assert outcome.code == 1
    assert "1 artwork held against 6 works: 1 to look at." in outcome.out
    assert "or more is flagged" in outcome.out
    assert "the training work" in outcome.out


def test_a_second_audit_says_that_it_knew(prov: Prov, copied: Path) -> None:
    prov("audit", "--all")

    assert "1 had been audited in the same way before" in prov("audit", "--all").out
    assert "had been audited" not in prov("audit", "--all", "--again").out


def test_json_has_findings_line_and_works(prov: Prov, copied: Path) -> None:
    document = json.loads(prov("audit", "--all", "--json").out)

    assert document["works"] == 6
    assert document["line"]["judge"] == "judge_v5"
    (artwork,) = document["artworks"]
    assert artwork["severity"] == "block"
    assert "copies" in {finding["check"] for finding in artwork["findings"]}


def test_an_artwork_is_named_without_a_word_between(prov: Prov, artwork: str) -> None:
    named, spelt = prov("audit", artwork), prov("audit", "artworks", artwork, "--again")

    assert (named.code, spelt.code) == (0, 0), named.out
    assert "1 artwork held against 3 works" in named.out


def test_a_report_is_one_page_with_its_pictures(prov: Prov, copied: Path, here: Path) -> None:
    prov("audit", "--all", "--report", here / "report.html")
    page = (here / "report.html").read_text(encoding="utf-8")

    assert page.startswith("<!doctype html>")
    assert "data:image/webp;base64," in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_a_report_does_not_replace_a_file_and_needs_its_folder(refused: Refused, copied: Path, here: Path) -> None:
    assert "is there already" in refused("audit", "--all", "--report", copied, code=2)
    assert "There is no folder" in refused("audit", "--all", "--report", here / "no" / "r.html", code=2)


def test_what_is_wrong_is_a_sentence(refused: Refused, artwork: str) -> None:
    assert "Say which artworks" in refused("audit", "--check", "copies", code=2)
    assert "There is no check" in refused("audit", "--all", "--check", "luck", code=2)
    assert "no artwork" in refused("audit", "ffffff", code=3)


def test_calibrating_with_too_few_works_says_what_is_needed(prov: Prov, works: Path, here: Path) -> None:
    table = here / "works.csv"
    table.write_text("file,creator\n" + "".join(f"{n}.png,Ada {n % 2}\n" for n in range(6)), encoding="utf-8")
    prov("dataset", "add", "drawings", works, "--metadata", table)
    outcome = prov("audit", "calibrate", "--pictures", "6")

    assert outcome.code == 0
    assert "Too few to tell" in outcome.out
    assert "0.1 % needs 3,000 pictures, and 6 were tried" in outcome.out


def test_one_dataset_is_named_in_the_verdict_and_the_report(prov: Prov, copied: Path, works: Path, here: Path) -> None:
    (here / "more").mkdir()
    drawing(40).save(here / "more" / "40.png")
    prov("dataset", "add", "others", here / "more")

    there = prov("audit", "--all", "--dataset", "drawings@1", "--report", here / "report.html")
    elsewhere = prov("audit", "--all", "--dataset", "others", "--json")

    assert there.code == 1
    assert "1 artwork held against 6 works of the dataset drawings (version 1): 1 to look at" in there.out
    assert "This is about that dataset alone." in there.out
    page = (here / "report.html").read_text(encoding="utf-8")
    assert "Only works of the dataset drawings (version 1) were asked about." in page
    assert "audit --all --dataset drawings@1 --report" in page
    assert "the same number marks the same place in both" in page
    document = json.loads(elsewhere.out)
    assert (document["works"], document["dataset"]["name"]) == (1, "others")
    assert not {"copies", "similarity"} & {each["check"] for each in document["artworks"][0]["findings"]}
    assert json.loads(prov("audit", "--all", "--json").out)["dataset"] is None


def test_a_dataset_that_cannot_be_meant_is_a_sentence(refused: Refused, artwork: str) -> None:
    assert "There is no dataset 'nobody'" in refused("audit", artwork, "--dataset", "nobody", code=3)
    assert "There is no dataset 'shapes' version 7" in refused("audit", artwork, "--dataset", "shapes@7", code=3)
    assert "Leave --dataset out" in refused("audit", artwork, "--dataset", "shapes", "--check", "licence", code=2)
    assert "Say which artworks" in refused("audit", "--dataset", "shapes", code=2)


def test_a_check_of_the_record_alone_loads_nothing_that_looks_at_pictures(filled: Path) -> None:
    call = "import sys\nfrom provenance.cli import main\ntry:\n    main(sys.argv[1:])\nexcept SystemExit as end:\n"
    call += "    print(end.code, sorted({'torch', 'cv2', 'faiss', 'scipy'} & sys.modules.keys()))"
    words = ["--archive", str(filled), "audit", "--all", "--check", "completeness", "--check", "licence"]

    done = subprocess.run([sys.executable, "-c", call, *words], capture_output=True, text=True, check=True)

    assert "1 artwork put to the checks licence, completeness" in done.stdout
    assert done.stdout.endswith("0 []\n")


def test_a_purpose_that_nobody_knows_is_a_sentence(
    refused: Refused, artwork: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROV_CREDIT_PURPOSE", "fame")

    assert "credit.purpose is 'fame'" in refused("audit", artwork, "--check", "licence", code=2)
