"""An ingredient that is staged once says the same as one that is handed over each time."""

from collections.abc import Callable

import pytest

from provenance.digest import Digest
from provenance.errors import SigningError
from provenance.sign.claim import Claim, Ingredient
from provenance.sign.embed import Signer
from provenance.sign.read import read
from provenance.sign.reading import Anchor, IngredientReading

Make = Callable[..., bytes]


@pytest.fixture(scope="session")
def history(signer: Signer, picture: Make, edited: Callable[..., Claim], signed: bytes) -> bytes:
    """A picture with two generations behind it."""
    child = signer.sign(picture(seed=1), "image/png", edited(signed, "the first")).data
    return signer.sign(picture(seed=2), "image/png", edited(child, "the second")).data


def ingredient(data: bytes, label: str = "style") -> Ingredient:
    return Ingredient(
        label=label,
        relationship="inputTo",
        title="a picture",
        digest=Digest.of(data),
        data=data,
        media_type="image/png",
        notes={"role": label},
    )


def _told(reading: IngredientReading) -> object:
    return (
        reading.title,
        reading.relationship,
        reading.digest,
        reading.label,
        reading.present,
        reading.codes,
        reading.problems,
        [_told(each) for each in reading.ingredients],
    )


def test_a_staged_picture_brings_its_whole_history(
    signer: Signer, anchor: Anchor, picture: Make, created: Callable[..., Claim], history: bytes
) -> None:
    whole = ingredient(history)
    claims = [created(ingredients=(*created().ingredients, each)) for each in (whole, signer.stage(whole))]

    given, staged = (read(signer.sign(picture(seed=3), "image/png", each).data, anchors=[anchor]) for each in claims)
    assert {_depth(each) for each in staged.ingredients} == {0, 3}
    assert {repr(_told(each)) for each in given.ingredients} == {repr(_told(each)) for each in staged.ingredients}
    assert (given.state, staged.state, staged.problems) == ("Trusted", "Trusted", ())


def _depth(reading: IngredientReading) -> int:
    return max((1 + _depth(each) for each in reading.ingredients), default=0)


def test_several_staged_ingredients_keep_their_own_manifests(
    signer: Signer, anchor: Anchor, picture: Make, created: Callable[..., Claim], history: bytes, signed: bytes
) -> None:
    shared = [signer.stage(ingredient(data, f"input_{number}")) for number, data in enumerate((history, signed))]

    reading = read(signer.sign(picture(seed=3), "image/png", created(ingredients=tuple(shared))).data, anchors=[anchor])
    assert [each.label for each in reading.ingredients] == [read(history).label, read(signed).label]
    assert reading.state == "Trusted"


def test_an_unsigned_picture_is_staged_too(
    signer: Signer, anchor: Anchor, picture: Make, created: Callable[..., Claim]
) -> None:
    staged = signer.stage(ingredient(picture(seed=8)))

    reading = read(signer.sign(picture(), "image/png", created(ingredients=(staged,))).data, anchors=[anchor])
    assert [(each.title, each.present) for each in reading.ingredients] == [("a picture", False)]
    assert (reading.state, staged.data) == ("Trusted", None)


def test_a_staged_parent_is_opened(
    signer: Signer, anchor: Anchor, picture: Make, edited: Callable[..., Claim], history: bytes
) -> None:
    claim = edited(history)
    staged = tuple(signer.stage(each) for each in claim.ingredients)

    reading = read(signer.sign(picture(), "image/png", edited(history, ingredients=staged)).data, anchors=[anchor])
    assert (reading.state, reading.ingredients[0].label) == ("Trusted", read(history).label)


def test_a_changed_picture_is_not_staged(signer: Signer, signed: bytes) -> None:
    changed = bytearray(signed)
    changed[-20] ^= 1

    with pytest.raises(SigningError, match="does not hold"):
        signer.stage(ingredient(bytes(changed)))


def test_what_has_no_data_stays_as_it_is(signer: Signer) -> None:
    named = Ingredient(label="model", relationship="inputTo", title="faces", digest=Digest.of(b"weights"))

    assert signer.stage(named) is named
