"""What `prov verify` repeats of a manifest's own assertions."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from provenance import schema
from provenance.archive.archive import Archive
from provenance.audit.policy_file import FILE_NAME

Prov = Callable[..., Any]


@pytest.fixture
def audited(filled: Path) -> Path:
    """Give the archive with an audit of the bias of its model."""
    with Archive(filled, passphrase=lambda: None) as archive, archive.database.write() as session:
        row: dict[str, Any] = {
            "model_id": session.scalars(select(schema.Model.id)).one(),
            "check": "bias",
            "check_version": "1",
            "severity": "warn",
            "sentence": "Said.",
            "audited_at": datetime(2026, 11, 22, tzinfo=UTC),
        }
        difference = {"value": 0.3, "low": 0.25, "high": 0.35}
        groups = [{"group": "discs", "told": "more", "difference": difference}]
        told = {"attribute": "category", "verdict": "more", "outputs": 100, "works": 56, "groups": groups}
        session.execute(insert(schema.ModelAudit), [row | {"record": told}])
    return filled


def test_verify_says_what_came_on_the_bias_of_the_model(prov: Prov, artwork: str, audited: Path) -> None:
    assert audited.is_dir()
    prov("export", artwork[:12], "--to", "out")
    path = f"out/{artwork[:12]}.png"
    said = prov("verify", path)

    assert "bias, claimed" in said.out
    assert "Categories: 30.0 points more of “discs” than among the works" in " ".join(said.out.split())
    told = json.loads(prov("verify", path, "--json").out)["files"][0]["content_credentials"]["bias"]
    assert told["dimensions"]["category"]["group"] == "discs"
    prov("export", artwork[:12], "--to", "public", "--disclose", "public")
    assert "bias, claimed" not in prov("verify", f"public/{artwork[:12]}.png").out


def test_verify_says_that_a_record_was_held_back(prov: Prov, filled: Path) -> None:
    (filled / FILE_NAME).write_text('[rules.all]\nsign = "block"\nexport = "inform"\n', encoding="utf-8")
    made = json.loads(prov("generate", "cppn", "--style", "facet", "--seed", "7", "--size", "32x24", "--json").out)
    ((uid, file),) = made["files"].items()

    assert "held back" in prov("verify", file).out
    refused = prov("export", uid[:12], "--to", "out")
    assert refused.code == 1
    assert "The rule all of the policy on findings blocks signing." in refused.err
