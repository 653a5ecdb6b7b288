"""What cards, headers and cache names say of a model's past: kept as claims, and cut to what can be recorded."""

import builtins
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.collect.model_card import cache_claims, card_claims, file_claims, read_card
from provenance.digest import canonical_json

CARD = """---
license: cc-by-4.0
datasets:
  - harbour/photos
  - nuuuwan/boats
base_model: other/base
tags: [text-to-image, lora]
widget:
  - text: not kept
---
# Harbour

---
license: mit
---
"""
LAUGHS = "---\nlicense: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"tags: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_the_front_matter_of_a_card_is_kept(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(CARD)

    assert read_card(tmp_path) == {
        "license": "cc-by-4.0",
        "datasets": ["harbour/photos", "nuuuwan/boats"],
        "base_model": "other/base",
        "tags": ["text-to-image", "lora"],
    }


@pytest.mark.parametrize(
    "text", ["", "# No front matter", "---\n---\n", "---\nlicense: mit", "text\n---\nlicense: mit\n---"]
)
def test_a_card_without_front_matter_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "README.md").write_text(text)

    assert read_card(tmp_path) == {}
    assert read_card(tmp_path / "absent") == {}


@pytest.mark.parametrize(
    "front", ["license: [", "- a\n- b", "!!python/object/apply:os.getcwd []", "\tx: 1", "{a: b}: c"]
)
def test_front_matter_that_is_no_mapping_is_kept_as_text_and_never_run(front: str) -> None:
    found = card_claims(f"---\n{front}\n---\n")

    assert found == {"unread": front}


def test_without_yaml_the_front_matter_is_kept_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *others: Any) -> Any:
        if name == "yaml":
            raise ImportError(name)
        return real(name, *others)

    monkeypatch.setattr(builtins, "__import__", missing)

    assert card_claims("---\nlicense: mit\n---") == {"unread": "license: mit"}


def test_a_small_card_cannot_grow_without_bound() -> None:
    merged = "a: &a {x: 1}\n" + "".join(
        f"{n}: &{n} {{<<: [{', '.join([f'*{p}'] * 9)}]}}\n" for p, n in zip("abcdefg", "bcdefgh", strict=True)
    )
    endless = "tags: &t [*t]"

    for front in (LAUGHS.removeprefix("---\n"), merged, endless, "tags: " + "[" * 5000, "license: " + "9" * 60_000):
        assert len(canonical_json(card_claims(f"---\n{front}\n---"))) < 100_000


def test_modelspec_and_kohya_metadata_are_kept_and_the_rest_is_not() -> None:
    tags = {"10_harbour": {f"tag {number}": number for number in range(90)}}
    found = file_claims(
        {
            "modelspec.title": "Harbour",
            "modelspec.license": "CC-BY-4.0",
            "modelspec.thumbnail": "data:image/png;base64," + "A" * 100_000,
            "ss_dataset_dirs": json.dumps({"10_harbour": {"n_repeats": 10, "img_count": 31}}),
            "ss_tag_frequency": json.dumps(tags),
            "ss_sd_model_name": "base.safetensors",
            "ss_training_comment": "x" * 5_000 + "\0",
            "format": "pt",
        }
    )

    counted = found.pop("ss_tag_frequency")
    assert isinstance(counted, dict)
    assert list(counted["10_harbour"])[:2] == ["tag 89", "tag 88"]
    assert len(counted["10_harbour"]) == 50
    assert found == {
        "modelspec.license": "CC-BY-4.0",
        "modelspec.title": "Harbour",
        "ss_dataset_dirs": {"10_harbour": {"n_repeats": 10, "img_count": 31}},
        "ss_sd_model_name": "base.safetensors",
        "ss_training_comment": "x" * 2_000 + "...",
    }


def test_the_cache_names_repository_revision_and_digests(tmp_path: Path) -> None:
    cache = tmp_path / "models--harbour--boats"
    folder = cache / "snapshots" / ("c" * 40)
    folder.mkdir(parents=True)
    (cache / "blobs").mkdir()
    xet = tmp_path / "blobs" / "ab" / ("f" * 64)
    xet.parent.mkdir(parents=True)
    xet.write_bytes(b"weights")
    (cache / "blobs" / ("a" * 64)).symlink_to(xet)
    (cache / "blobs" / ("b" * 40)).write_bytes(b"{}")
    for name, blob in {"unet.safetensors": "a" * 64, "config.json": "b" * 40}.items():
        (folder / name).symlink_to(f"../../blobs/{blob}")
    (folder / "copied.json").write_bytes(b"{}")

    found = cache_claims(folder, sorted(folder.iterdir()))

    assert found == {
        "repository": "harbour/boats",
        "revision": "c" * 40,
        "files": {"unet.safetensors": f"sha256:{'a' * 64}", "config.json": f"git-sha1:{'b' * 40}"},
    }
    assert cache_claims(tmp_path, []) == {}


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=400),
    st.dictionaries(st.sampled_from(["ss_tag_frequency", "ss_datasets", "modelspec.x"]), st.text()),
)
def test_whatever_is_said_can_be_recorded(text: str, metadata: dict[str, str]) -> None:
    for claims in (card_claims(f"---\nlicense: {text}\n---"), card_claims(f"---\n{text}\n---"), file_claims(metadata)):
        recorded = canonical_json(claims).encode().decode()

        assert "\\u0000" not in recorded
        assert "\0" not in recorded
