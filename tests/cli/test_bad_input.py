"""Wrong words on the command line: one sentence, the right exit code, and nothing done."""

from collections.abc import Callable
from pathlib import Path

import pytest

Refused = Callable[..., str]

ORDERS = [
    (["cpn"], "Did you mean cppn?"),
    (["cppn", "--style", "nope"], "nacre"),
    (["cppn", "--param", "colour=1"], "Its parameters: detail, grain, palette"),
    (["cppn", "--param", "grain=9"], "from 0.0 to 1.0"),
    (["cppn", "--param", "grain=thick"], "takes a number"),
    (["cppn", "--param", "grain=nan"], "takes a number"),
    (["cppn", "--param", "grain"], "name=value"),
    (["cppn", "--param", "=1"], "name=value"),
    (["cppn", "--param", "grain=0.1", "--param", "grain=0.2"], "twice"),
    (["cppn", "--param", "palette=a\0b"], "is one of"),
    (["cppn", "--param", f"palette={'x' * 1_000_000}"], " ... "),
    (["--device", "tpu"], "There is no device 'tpu'"),
    (["--size", "0"], "from 1 to 16384; it is 0"),
    (["--size", "-5x4"], "it is -5"),
    (["--size", "64x0"], "The height"),
    (["--size", "16385"], "it is 16385"),
    (["--size", "wide"], "WIDTHxHEIGHT"),
    (["--size", "64x"], "WIDTHxHEIGHT"),
    (["--size", "1e3"], "WIDTHxHEIGHT"),
    (["--size", "9" * 1_000_000], "is not a size"),
    (["-n", "0"], "at least 1"),
    (["-n", "-3"], "at least 1"),
    (["-n", "many"], "'many' is not a whole number"),
    (["--seed", "-1"], "from 0 to 18446744073709551615"),
    (["--seed", str(2**64)], "from 0 to 18446744073709551615"),
    (["--seed", "1.5"], "'1.5' is not a seed"),
    (["--seed", "lucky"], "'lucky' is not a seed"),
    (["--seed", "9" * 1_000_000], "from 0 to"),
    (["--by", ""], "--by is empty"),
    (["--by", "  "], "--by is empty"),
    (["--by", "Ada\0Lind"], "control characters"),
    (["--by", "Ada\nLind"], "one line"),
    (["--by", "\x1b[31mAda"], "control characters"),
    (["--by", "\u202eadA"], "control characters"),
    (["--by", "Ada \udcff"], "control characters"),
    (["--by", "x" * 1_000_000], "1,000,000 characters"),
    (["--title", "a\0b"], "control characters"),
    (["--title", "x" * 1_000_000], "1,000,000 characters"),
    (["--engine", "cppn"], "No such option"),
    (["cppn", "flow"], "unexpected extra argument"),
]


@pytest.mark.parametrize(("arguments", "said"), ORDERS, ids=lambda value: str(value)[:40])
def test_a_wrong_order_is_refused_before_an_archive_is_made(
    refused: Refused, here: Path, arguments: list[str], said: str
) -> None:
    assert said in refused("generate", *arguments, code=2)
    assert not (here / "prov-archive").exists()


@pytest.mark.parametrize(("arguments", "said"), ORDERS[1:34:8], ids=lambda value: str(value)[:40])
def test_a_wrong_order_leaves_an_archive_as_it_was(
    refused: Refused, filled: Path, arguments: list[str], said: str
) -> None:
    assert said in refused("generate", *arguments, code=2)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["show", "zz"], 3, "at least the first 4 hex digits"),
        (["show", "abc"], 3, "at least the first 4 hex digits"),
        (["show", "ffffffffffff"], 3, "no artwork ffffffffffff"),
        (["show", "'; DROP TABLE artwork; --"], 3, "is not an id"),
        (["show", "f" * 1_000_000], 3, "no artwork"),
        (["show", "a\0bc"], 3, "is not an id"),
        (["lineage", "ffffffffffff"], 3, "ffffffffffff"),
        (["impact", "nobody"], 3, "is not an id"),
        (["reproduce", "ffffffffffff"], 3, "no artwork"),
        (["export", "ffffffffffff"], 3, "no artwork"),
        (["edit", "ffffffffffff", "x.png", "--by", "Ada", "--action", "drawn"], 3, "no artwork"),
        (["list", "--before", "ffffffffffff"], 3, "no artwork"),
        (["list", "-n", "0"], 2, "at least 1"),
        (["list", "-n", "-1"], 2, "at least 1"),
        (["generate", "--palette-from", "nothing"], 3, "no dataset and no work called 'nothing'"),
        (["generate", "--palette-from", "ffffffffffff"], 3, "no dataset and no work"),
        (["dataset", "show", "nothing"], 3, "no dataset 'nothing'"),
        (["dataset", "show", "shapes", "--version", "9"], 3, "version 9"),
        (["dataset", "add", "two words", "."], 2, "cannot name a dataset"),
        (["dataset", "add", "x", "/nowhere"], 3, "There is no folder /nowhere"),
        (["dataset", "add", "x", ".", "--licence", "MINE"], 2, "not an SPDX licence"),
        (["dataset", "add", "x", ".", "--creator", "a\nb"], 2, "one line"),
        (["identity", "use", "nobody"], 3, "no identity 'nobody'"),
        (["identity", "create", "trial"], 3, "already"),
        (["identity", "create", "../out"], 3, "cannot name an identity"),
        (["identity", "create", "x", "--organisation", "a\0b"], 2, "control characters"),
        (["init"], 2, "is an archive already"),
        (["nonsense"], 2, "No such command 'nonsense'"),
        (["dataset", "nonsense"], 2, "No such command 'nonsense'"),
        (["show"], 2, "Missing argument 'ARTWORK'"),
        (["verify"], 2, "Missing argument"),
        (["--archive"], 2, "requires an argument"),
        (["export", "ffff", "--disclose", "all"], 2, "--disclose"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_not_there_or_makes_no_sense_is_said_in_a_sentence(
    refused: Refused, filled: Path, arguments: list[str], code: int, said: str
) -> None:
    assert said in refused(*arguments, code=code)


def test_an_ambiguous_id_lists_what_it_may_mean(refused: Refused, prov: Callable[..., object], filled: Path) -> None:
    import sqlite3

    with sqlite3.connect(filled / "archive.sqlite") as connection:
        uids = [row[0] for row in connection.execute("SELECT uid FROM node")]
        twin = uids[0][:8] + "f" * 56
        assert twin not in uids
        connection.execute("INSERT INTO node (uid, kind, created_at) VALUES (?, 'work', 0)", [twin])
    connection.close()

    said = refused("impact", uids[0][:6], code=2)

    assert "may mean several things" in said
    assert uids[0][:12] in said
    assert twin[:12] in said
