"""Who signs, and every key or certificate that cannot be used."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from provenance.errors import ProvenanceError
from provenance.sign.identity import create_trial

Refused = Callable[..., str]
Prov = Callable[..., Any]

TINY = ("generate", "cppn", "--style", "facet", "--size", "32x24")


def _pems(folder: Path, *, born: datetime) -> tuple[Path, Path]:
    identity = create_trial("studio", now=born, organisation="Studio Lind")
    chain, key = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(identity.chain)
    key.write_bytes(identity.key)
    return chain, key


def test_an_identity_is_made_listed_chosen_and_signs(prov: Prov, filled: Path) -> None:
    assert prov("identity", "create", "studio", "--organisation", "Studio Lind").code == 0
    assert prov("identity", "use", "studio").code == 0
    listed = json.loads(prov("identity", "list", "--json").out)["identities"]
    made = json.loads(prov(*TINY, "--json").out)["artworks"][0]

    assert {each["name"]: each["signs"] for each in listed} == {"trial": False, "studio": True}
    assert "Studio Lind" in made["manifest"]["signer"]
    assert "key" not in listed[0]


def test_a_chain_and_its_key_are_imported_and_sign(prov: Prov, filled: Path, here: Path) -> None:
    chain, key = _pems(here, born=datetime.now(UTC) - timedelta(days=1))

    assert prov("identity", "import", "studio", chain, key).code == 0
    assert prov("identity", "use", "studio").code == 0
    assert prov(*TINY).code == 0


def test_an_expired_certificate_is_refused(refused: Refused, filled: Path, here: Path) -> None:
    chain, key = _pems(here, born=datetime.now(UTC) - timedelta(days=800))

    assert "ran out" in refused("identity", "import", "studio", chain, key, code=3)


def test_a_key_of_another_certificate_is_refused(refused: Refused, filled: Path, here: Path) -> None:
    chain, key = _pems(here, born=datetime.now(UTC) - timedelta(days=1))
    key.write_bytes(create_trial("other", now=datetime.now(UTC)).key)

    assert "key" in refused("identity", "import", "studio", chain, key, code=3)


@pytest.mark.parametrize("content", [b"", b"no PEM", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\nxx\n"])
def test_what_is_no_pem_is_refused(refused: Refused, filled: Path, here: Path, content: bytes) -> None:
    chain, key = _pems(here, born=datetime.now(UTC) - timedelta(days=1))
    (here / "bad.pem").write_bytes(content)

    refused("identity", "import", "studio", here / "bad.pem", key, code=3)
    refused("identity", "import", "studio", chain, here / "bad.pem", code=3)
    refused("identity", "import", "studio", here, key, code=3)
    assert "No such file" in refused("identity", "import", "studio", chain, here / "gone.pem", code=3)


def test_a_wrong_or_missing_passphrase_signs_nothing(
    refused: Refused, prov: Prov, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROV_PASSPHRASE", "correct horse")
    made = prov("init")
    assert made.code == 0
    assert "encrypted with PROV_PASSPHRASE" in made.out
    assert b"PRIVATE KEY" not in (here / "prov-archive" / "identity" / "trial.key").read_bytes()
    assert prov(*TINY).code == 0

    monkeypatch.setenv("PROV_PASSPHRASE", "wrong")
    assert "passphrase" in refused(*TINY, code=3)
    monkeypatch.delenv("PROV_PASSPHRASE")
    assert "passphrase" in refused(*TINY, code=3)
    assert prov("list").code == 0  # reading needs no key


def test_a_key_that_others_may_read_or_that_is_gone_is_refused(refused: Refused, filled: Path) -> None:
    key = filled / "identity" / "trial.key"
    key.chmod(0o644)
    assert "chmod 600" in refused(*TINY, code=3)

    key.unlink()
    refused(*TINY, code=3)


def test_every_refusal_is_one_of_ours() -> None:
    with pytest.raises(ProvenanceError):
        create_trial("", now=datetime.now(UTC))
