"""The golden files are re-made by `PROV_REWRITE_GOLDEN=1 python -m pytest tests/sign/test_claim.py`."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from provenance.digest import Digest
from provenance.errors import SigningError
from provenance.sign.claim import AiDisclosure, Claim, Edit, Ingredient, SoftBinding, SoftwareAgent
from provenance.sign.definition import manifest_definition

GOLDEN = Path(__file__).parents[1] / "golden" / "claims"
WHEN = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PROV = SoftwareAgent(name="prov", version="0.1.0")
GIMP = SoftwareAgent(name="GIMP", version="3.0")

MODEL = Ingredient(
    label="model",
    relationship="inputTo",
    title="landscapes-gan",
    digest=Digest.of(b"model"),
    data_types=("c2pa.types.model.pytorch",),
    url="https://example.org/models/landscapes",
)
DATASET = Ingredient(
    label="dataset",
    relationship="inputTo",
    title="open landscapes, version 3",
    digest=Digest.of(b"dataset"),
    data_types=("c2pa.types.dataset",),
)
PARENT = Ingredient(
    label="parent", relationship="parentOf", title="Fjord 12", digest=Digest.of(b"parent"), media_type="image/png"
)
GENERATED = Claim(
    title="Fjord 12",
    media_type="image/png",
    opening="created",
    when=WHEN,
    digital_source_type="trainedAlgorithmicMedia",
    software_agent=SoftwareAgent(name="prov-gan", version="2"),
    description="Sampled from landscapes-gan.",
    parameters={"seed": "18446744073709551615", "truncation": "0.7"},
    ingredients=(MODEL, DATASET),
    record={
        "run": "01JD8Z",
        "artwork": "01JD90",
        "pixels": "sha256:" + "ab" * 32,
        "fingerprints": {"pdq_v1": "f0" * 32},
    },
    ai_disclosure=AiDisclosure(
        model_name="landscapes-gan", model_identifier="sha256:" + "cd" * 32, oversight="prompt_guided"
    ),
    soft_bindings=(SoftBinding(algorithm="org.prov.pdq.v1", value="8PDw8A=="),),
    training_mining={"ai_generative_training": "notAllowed", "ai_inference": "allowed"},
    generator=PROV,
)
CLAIMS = {
    "generated": GENERATED,
    "formula": Claim(
        title="Waves",
        media_type="image/jpeg",
        opening="created",
        when=WHEN,
        digital_source_type="algorithmicMedia",
        generator=PROV,
        instance_id="urn:prov:artwork:01JD91",
    ),
    "edited": Claim(
        title="Fjord 12, warmer",
        media_type="image/png",
        opening="opened",
        when=WHEN,
        ingredients=(PARENT, MODEL),
        edits=(
            Edit(
                action="c2pa.color_adjustments",
                when=WHEN,
                digital_source_type="humanEdits",
                tool=GIMP,
                description="Warmer light.",
                changed_share=0.0612,
            ),
            Edit(
                action="c2pa.edited",
                when=WHEN,
                digital_source_type="compositeWithTrainedAlgorithmicMedia",
                tool=PROV,
                parameters={"region": "sky"},
                ingredients=("model",),
            ),
            Edit(action="c2pa.resized.proportional"),
        ),
        all_actions=False,
        generator=PROV,
    ),
    "exported": Claim(
        title="Fjord 12",
        media_type="image/webp",
        opening="opened",
        when=WHEN,
        ingredients=(PARENT,),
        edits=(Edit(action="c2pa.transcoded", when=WHEN), Edit(action="c2pa.published", when=WHEN)),
        record={"artwork": "01JD90", "disclosed": "full", "making": "generated"},
        bias={
            "version": "1",
            "audit": "sha256:" + "ef" * 32,
            "date": "2026-11-22",
            "outputs": "256",
            "works": "3012",
            "dimensions": {
                "category": {
                    "told": "more",
                    "of": "250",
                    "group": "coasts",
                    "parity": "+0.120 (+0.060 to +0.180)",
                }
            },
            "cannot_tell": ["creator", "faces"],
        },
        generator=PROV,
    ),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_is_written_as_its_golden_file_says(name: str) -> None:
    path = GOLDEN / f"{name}.json"
    written = json.dumps(manifest_definition(CLAIMS[name]), indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("PROV_REWRITE_GOLDEN"):
        path.write_text(written)

    assert written == path.read_text()


def test_every_golden_file_belongs_to_a_claim() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(CLAIMS)


@pytest.mark.parametrize("name", CLAIMS)
def test_everything_that_is_claimed_counts_as_created_here(name: str) -> None:
    definition: Any = manifest_definition(CLAIMS[name])

    assert all(each["created"] is True for each in definition["assertions"])
    assert definition["claim_generator_info"][0]["specVersion"] == "2.4.0"
    assert "allActionsIncluded" in definition["assertions"][0]["data"]


def test_an_opened_picture_states_no_source_type_of_its_own() -> None:
    definition: Any = manifest_definition(CLAIMS["edited"])
    opened, adjusted, *_ = definition["assertions"][0]["data"]["actions"]

    assert opened["action"] == "c2pa.opened"
    assert "digitalSourceType" not in opened
    assert adjusted["digitalSourceType"].endswith("/humanEdits")


def test_times_are_written_in_utc(created: Callable[..., Claim]) -> None:
    there = WHEN.astimezone(timezone(timedelta(hours=5, minutes=30)))
    definition: Any = manifest_definition(created(when=there))

    assert definition["assertions"][0]["data"]["actions"][0]["when"] == "2026-11-22T09:30:00Z"


SECOND = Ingredient(label="other", relationship="parentOf", title="Another")
DEFECTS: list[tuple[dict[str, Any], str]] = [
    ({"digital_source_type": None}, "say its digital source type"),
    ({"ingredients": (PARENT,)}, "a picture with a parent is opened"),
    ({"opening": "opened", "ingredients": (PARENT,)}, "its edits say the source type"),
    ({"opening": "opened", "digital_source_type": None, "ingredients": ()}, "names 0 parents"),
    ({"opening": "opened", "digital_source_type": None, "ingredients": (PARENT, SECOND)}, "names 2 parents"),
    ({"ingredients": (MODEL, MODEL)}, "used twice"),
    ({"edits": (Edit(action="c2pa.opened"),)}, "can only come first"),
    ({"edits": (Edit(action="c2pa.cropped"),)}, "has to say its digital source type"),
    ({"edits": (Edit(action="org.prov.dream", ingredients=("nobody",)),)}, "not among its ingredients"),
    ({"edits": (Edit(action="org.prov.dream", changed_share=1.5),)}, "0 to 1"),
    ({"when": datetime(2026, 1, 1)}, "no time zone"),  # noqa: DTZ001
    ({"parameters": {"two words": "x"}}, "is not a name"),
    ({"parameters": {"prompt": "a\0b"}}, "NUL"),
    ({"title": "a\0b"}, "NUL"),
    ({"title": "half \ud83d"}, "broken Unicode"),
    ({"record": {"a\0": "x"}}, "NUL"),
    ({"record": {"scores": [1, 2, 3]}}, "list of numbers"),
    ({"record": {"deep": {"scores": ["x", 0.5]}}}, "list of numbers"),
    ({"record": {"seed": 2**63}}, "does not fit"),
    ({"record": {"loss": float("nan")}}, "does not fit"),
    ({"bias": {"shares": [0.2, 0.8]}}, "list of numbers"),
]


@pytest.mark.parametrize(("changes", "sentence"), DEFECTS)
def test_what_c2pa_forbids_or_distorts_is_refused(
    created: Callable[..., Claim], changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SigningError, match=sentence):
        manifest_definition(created(**changes))


def test_whole_characters_beyond_the_first_plane_are_fine(created: Callable[..., Claim]) -> None:
    assert manifest_definition(created(title="🎨 \\u0000 as six characters"))["title"] == "🎨 \\u0000 as six characters"


def test_only_pictures_come_with_their_data(created: Callable[..., Claim]) -> None:
    weights = Ingredient(label="model", relationship="inputTo", title="m", data=b"weights")

    with pytest.raises(SigningError, match="not as a picture"):
        manifest_definition(created(ingredients=(weights,)))
