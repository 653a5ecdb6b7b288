"""`prov audit decide` and `prov audit policy`, and how an export that is held back is told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pictures import picture

from provenance.words import forbidden_in

Prov = Callable[..., Any]


@pytest.fixture
def copied(prov: Prov, filled: Path, here: Path) -> tuple[str, str]:
    """An artwork, and the work that it is a copy of; the archive's policy blocks that."""
    (filled / "audit.toml").write_text('[rules.look-alike]\nexport = "block"\n', encoding="utf-8")
    picture(1).image().save(here / "found.png")
    brought = json.loads(prov("import", "found.png", "--json").out)["artworks"][0]
    (other,) = {found["other"] for found in brought["findings"] if found["other"]}
    return brought["uid"], other


def _decide(prov: Prov, pair: tuple[str, str], *more: str) -> Any:
    words = ("--reason", "Both show the same street.", "--by", "Ada Lind")
    return prov("audit", "decide", pair[0][:12], pair[1][:12], *(more or ("--dismiss",)), *words)


def test_what_is_held_back_leaves_when_somebody_has_looked(prov: Prov, copied: tuple[str, str]) -> None:
    held = prov("export", copied[0])
    decided = _decide(prov, copied)
    left = prov("export", copied[0])

    advice = f"`prov audit decide {copied[0][:12]} {copied[1][:12]} --dismiss --reason TEXT --by NAME`"
    assert (held.code, decided.code, left.code) == (1, 0, 0)
    assert advice in held.err
    assert "The rule look-alike of the policy on findings blocks export." in held.err
    assert "Recorded and signed: A person looked and dismissed the finding" in decided.out
    assert "Decided by Ada Lind (claimed): Both show the same street." in decided.out
    assert f"prov export {copied[0][:12]}" in decided.err
    assert [forbidden_in(said) for said in (held.err, decided.out)] == [[], []]


def test_a_decision_as_json_names_its_pair_and_its_statement(prov: Prov, copied: tuple[str, str]) -> None:
    document = json.loads(_decide(prov, copied, "--accept", "--json").out)

    assert (document["artwork"], document["other"], document["decision"]) == (*copied, "accepted")
    assert (document["holds"], document["by"], document["other_kind"]) == (True, "Ada Lind", "work")
    assert document["text"] == "A person looked and agrees with the finding."
    assert len(document["statement_digest"]) == len(document["manifest_digest"]) == 64


def test_an_accepted_finding_stays_held_back_and_says_so(prov: Prov, copied: tuple[str, str]) -> None:
    _decide(prov, copied, "--accept")
    held = prov("export", copied[0])

    assert held.code == 1
    assert "A person looked and agrees with the finding." in held.err
    assert "prov audit policy" in held.err


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (("--reason", "x", "--by", "Bo"), 2, "exactly one of --accept, --dispute and --dismiss"),
        (("--accept", "--dismiss", "--reason", "x", "--by", "Bo"), 2, "exactly one of"),
        (("--dismiss", "--by", "Bo"), 2, "needs a reason"),
        (("--dismiss", "--reason", " ", "--by", "Bo"), 2, "needs a reason"),
        (("--dismiss", "--reason", "x"), 2, "needs a name"),
        (("--dismiss", "--reason", "x", "--by", "a\nb"), 2, "one line of text"),
        (("--dismiss", "--reason", "x", "--by", "Bo", "--check", "bias"), 3, "no finding by the check bias between"),
    ],
)
def test_a_wrong_decision_gets_one_sentence(
    copied: tuple[str, str], refused: Callable[..., str], more: tuple[str, ...], code: int, said: str
) -> None:
    assert said in refused("audit", "decide", copied[0], copied[1], *more, code=code)


def test_other_words_are_said_of_an_unknown_pair(filled: Path, artwork: str, refused: Callable[..., str]) -> None:
    rest = ("--dismiss", "--reason", "x", "--by", "Bo")

    assert "no work or artwork ffffff" in refused("audit", "decide", artwork, "ffffff", *rest, code=3)
    assert "There is no finding between" in refused("audit", "decide", artwork, artwork, *rest, code=3)
    assert "Name the other picture" in refused("audit", "decide", artwork, *rest, code=2)


def test_the_policy_is_printed_and_written_to_be_edited(prov: Prov, filled: Path) -> None:
    shown, strict = prov("audit", "policy"), prov("audit", "policy", "--preset", "strict")
    written = prov("audit", "policy", "--write", "--preset", "strict")
    again = prov("audit", "policy", "--write")

    assert 'preset = "standard"' in shown.out
    assert "next: prov audit policy --write" in shown.err
    assert 'preset = "strict"' in strict.out
    assert (written.code, again.code) == (0, 2)
    assert "Wrote" in written.out
    assert (filled / "audit.toml").read_text("utf-8") in prov("audit", "policy").out
    assert json.loads(prov("audit", "policy", "--json").out)["preset"] == "strict"


def test_an_unknown_preset_or_a_wrong_file_gets_one_sentence(filled: Path, refused: Callable[..., str]) -> None:
    assert "Choose one of standard, strict, lenient" in refused("audit", "policy", "--preset", "hard", code=2)
    (filled / "audit.toml").write_text('[rules.part]\nexport = "allow"\n', encoding="utf-8")

    assert "rules.part.export is 'allow'" in refused("audit", "policy", code=2)
    assert "rules.part.export is 'allow'" in refused("export", "ffffff", code=2)
