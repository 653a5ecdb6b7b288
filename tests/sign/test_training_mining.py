"""What signed files say about training is read from every manifest that matters, and nothing that changed says yes."""

from collections.abc import Callable
from typing import Any

import pytest

from provenance.collect.signals import Signal, Source, is_unreadable
from provenance.collect.signals_values import Says
from provenance.sign import definition
from provenance.sign.claim import Claim
from provenance.sign.embed import Signer
from provenance.sign.training_mining import training_signals

Make = Callable[..., bytes]


@pytest.fixture(scope="session")
def stating(signer: Signer, picture: Make, created: Callable[..., Claim]) -> Make:
    """A signed picture that says what others may do with it."""

    def make(media_type: str = "image/png", **uses: str) -> bytes:
        kind = media_type.rpartition("/")[2].upper()
        claim = created(media_type=media_type, training_mining=uses, digital_source_type="digitalArt")
        return signer.sign(picture(kind), media_type, claim).data

    return make


def said(signals: tuple[Signal, ...]) -> set[Says | None]:
    return {signal.says for signal in signals}


@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg", "image/webp", "image/tiff", "image/gif"])
def test_a_no_is_read_in_every_format(stating: Make, media_type: str) -> None:
    (signal,) = training_signals(stating(media_type, ai_generative_training="notAllowed"))

    assert (signal.source, signal.says, signal.value) == (Source.C2PA, Says.NO, "notAllowed")
    assert signal.statement == "cawg.training-mining cawg.ai_generative_training"
    assert signal.where is not None
    assert signal.where.startswith("manifest in the file, intact, signed by ")


@pytest.mark.parametrize(
    ("uses", "says"),
    [
        ({"ai_generative_training": "allowed"}, {Says.YES}),
        ({"ai_training": "notAllowed"}, {Says.NO}),
        ({"data_mining": "notAllowed", "ai_generative_training": "allowed"}, {Says.NO, Says.YES}),
        ({"ai_generative_training": "constrained"}, {Says.CONDITIONAL}),
        ({"ai_inference": "notAllowed"}, {None}),
    ],
)
def test_the_entries_that_cover_training_count(stating: Make, uses: dict[str, str], says: set[Says | None]) -> None:
    assert said(training_signals(stating(**uses))) == says


def test_a_picture_by_a_model_says_so(signed: bytes) -> None:
    (signal,) = training_signals(signed)

    assert (signal.statement, signal.value, signal.says) == (
        "digitalSourceType",
        "trainedAlgorithmicMedia",
        Says.AI_OUTPUT,
    )


def test_an_unsigned_picture_says_nothing(picture: Make) -> None:
    assert training_signals(picture()) == ()
    assert training_signals(b"") == ()


def _changed(data: bytes) -> bytes:
    at = data.index(b"IDAT") + 20
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_a_no_holds_in_a_file_that_was_changed_and_a_yes_does_not(stating: Make) -> None:
    no = training_signals(_changed(stating(ai_training="notAllowed")))
    yes = training_signals(_changed(stating(ai_training="allowed")))

    assert said(no) == {Says.NO}
    assert said(yes) == {None}
    assert "changed after signing" in (yes[0].where or "")


def test_the_no_of_a_parent_is_heard_and_its_yes_is_not(
    signer: Signer, stating: Make, edited: Callable[..., Claim]
) -> None:
    for use, says in (("notAllowed", {Says.NO}), ("allowed", {None})):
        parent = stating(ai_generative_training=use)
        child = signer.sign(parent, "image/png", edited(parent)).data

        assert said(training_signals(child)) == says


def test_the_older_assertion_is_read(
    signer: Signer, picture: Make, created: Callable[..., Claim], monkeypatch: pytest.MonkeyPatch
) -> None:
    older = {"c2pa.ai_generative_training": {"use": "notAllowed"}, "c2pa.ai_training": {"use": "constrained"}}
    data = _with_assertion(signer, picture, created, monkeypatch, "c2pa.training-mining", {"entries": older})

    assert {(each.statement, each.says) for each in training_signals(data)} == {
        ("c2pa.training-mining c2pa.ai_generative_training", Says.NO),
        ("c2pa.training-mining c2pa.ai_training", Says.CONDITIONAL),
    }


@pytest.mark.parametrize(
    "content",
    [
        {"entries": {"cawg.ai_training": {"use": "constrained", "constraint_info": "https://a.example/terms"}}},
        {"entries": {"cawg.ai_training": {"use": "perhaps"}}},
        {"entries": {"cawg.ai_training": "allowed"}},
        {"something": "else"},
    ],
)
def test_what_is_not_understood_is_no_yes(
    signer: Signer,
    picture: Make,
    created: Callable[..., Claim],
    monkeypatch: pytest.MonkeyPatch,
    content: dict[str, Any],
) -> None:
    data = _with_assertion(signer, picture, created, monkeypatch, "cawg.training-mining", content)

    assert said(training_signals(data)) == {Says.CONDITIONAL}


def _with_assertion(
    signer: Signer,
    picture: Make,
    created: Callable[..., Claim],
    monkeypatch: pytest.MonkeyPatch,
    label: str,
    content: dict[str, Any],
) -> bytes:
    """Sign a picture with an assertion that our own claims never make."""
    import json

    from provenance.sign import embed

    def text(claim: Claim, *, uncovered: bytes) -> str:
        written = json.loads(definition.definition_text(claim, uncovered=uncovered))
        written["assertions"].append({"label": label, "data": content})
        return json.dumps(written)

    monkeypatch.setattr(embed, "definition_text", text)
    return signer.sign(picture(), "image/png", created(digital_source_type="digitalArt")).data


def test_a_manifest_that_cannot_be_read_is_no_yes(stating: Make) -> None:
    data = stating(ai_training="allowed")
    at = data.index(b"caBX") + 60
    signals = training_signals(data[:at] + bytes(40) + data[at + 40 :])

    assert said(signals) == {Says.CONDITIONAL}
    assert all(is_unreadable(signal) for signal in signals)


@pytest.mark.parametrize("kept", [10, 60, 400, 3000])
def test_a_file_that_breaks_off_is_read_without_a_crash(stating: Make, kept: int) -> None:
    assert Says.YES not in said(training_signals(stating(ai_training="allowed")[:kept]))
