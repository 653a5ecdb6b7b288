"""Style transfer by patches: shapes stay, the manner is taken, and nothing that is asked costs without bounds."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pictures import picture

from provenance.digest import Json, canonical_json
from provenance.errors import EngineError, UsageError
from provenance.generate.chance import Chance
from provenance.generate.engine import Request, read_options
from provenance.generate.style import Options, Style, covering
from provenance.generate.style_colour import luminance, recolour
from provenance.generate.style_patches import assemble
from provenance.generate.style_plan import plan, style_box, style_size
from provenance.generate.style_slices import flow, targets

Pixels = NDArray[np.uint8]


def flat(*colours: tuple[int, int, int], height: int = 64, width: int = 64) -> Pixels:
    """Stripes of flat colours."""
    stripes = np.array(colours, np.uint8)[np.arange(width) * len(colours) // width]
    return np.broadcast_to(stripes, (height, width, 3)).copy()


def transfer(
    content: Pixels, style: Pixels, width: int = 64, height: int = 48, *, seed: int = 5, **asked: Any
) -> tuple[Pixels, Mapping[str, Json]]:
    options = Options(**{"effort": 0.25, **asked})
    pictures = {"content": content, "style": style}
    out = np.zeros((height, width, 3), np.uint8)
    request = Request(seed=seed, width=width, height=height, options=options, pictures=pictures)
    return out, Style().generate(request, out)


def tensor(pixels: Pixels) -> torch.Tensor:
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1


def grey(pixels: Pixels) -> NDArray[np.float64]:
    weighed: NDArray[np.float64] = pixels.astype(float) @ np.array([0.299, 0.587, 0.114])
    return weighed


def colours(pixels: Pixels) -> NDArray[np.float64]:
    return np.quantile(pixels.reshape(-1, 3), np.linspace(0, 1, 21), axis=0)


def test_the_result_has_the_colours_of_the_style_and_the_shapes_of_the_content() -> None:
    content, style = picture(3).pixels, picture(8, 80, 60).pixels

    out, _ = transfer(content, style, strength=0.2, effort=1.0)

    assert np.abs(colours(out) - colours(style)).mean() < 0.4 * np.abs(colours(content) - colours(style)).mean()
    assert abs(np.corrcoef(grey(out).flatten(), grey(content).flatten())[0, 1]) > 0.6


def test_strength_lets_go_of_the_content() -> None:
    content, style = picture(3, 80, 80).pixels, flat((250, 40, 40), (30, 30, 60), (240, 230, 90))

    weak, strong = (transfer(content, style, 80, 80, strength=strength)[0] for strength in (0.0, 1.0))
    near, far = (abs(np.corrcoef(grey(out).flatten(), grey(content).flatten())[0, 1]) for out in (weak, strong))

    assert near > far + 0.1


def test_flat_styles_stay_flat() -> None:
    style = flat((222, 90, 60), (30, 34, 50))

    out, _ = transfer(picture(3).pixels, style, effort=1.0)
    away = np.abs(out[:, :, None].astype(int) - np.array([(222, 90, 60), (30, 34, 50)])).max(axis=3).min(axis=2)

    assert (away < 25).mean() > 0.85


def test_kept_colours_are_those_of_the_content() -> None:
    content, style = picture(3).pixels, picture(8).pixels

    out, _ = transfer(content, style, colour="keep", strength=0.2)

    assert np.abs(colours(out) - colours(content)).mean() < np.abs(colours(out) - colours(style)).mean()


def test_the_same_request_gives_the_same_pixels_and_another_seed_others() -> None:
    content, style = picture(3).pixels, picture(8).pixels
    first, choices = transfer(content, style, seed=2**63 + 1)
    second, again = transfer(content, style, seed=2**63 + 1)
    other, _ = transfer(content, style, seed=1)

    assert np.array_equal(first, second)
    assert choices == again
    assert choices["seed"] == str(2**63 + 1)
    assert canonical_json(choices)
    assert not np.array_equal(first, other)


def test_the_rim_is_no_other_than_the_rest() -> None:
    light = torch.full((1, 3, 40, 30), 0.9) + torch.rand(1, 3, 40, 30, generator=torch.Generator().manual_seed(1)) / 50

    moved = flow(light, light, patch=7, share=1.0, chance=Chance(1, "test"))

    assert float((moved - light)[..., 7:-7, 7:-7].abs().max()) < 0.05
    assert float((moved - light).abs().max()) < 0.1


def test_the_picture_is_held_near_its_content() -> None:
    content, style = picture(3).pixels, picture(8).pixels
    # So small a picture has one level at both strengths: only the hold is another.
    held, free = (transfer(content, style, strength=strength, effort=1.5)[0] for strength in (0.0, 0.7))

    near, far = (np.corrcoef(grey(out).flatten(), grey(content).flatten())[0, 1] for out in (held, free))
    assert near > far


@pytest.mark.parametrize("name", ["strength", "detail", "colour", "scale", "patch", "effort"])
def test_every_option_changes_the_picture(name: str) -> None:
    content, style = picture(3).pixels, picture(8).pixels
    usual: dict[str, Any] = {"strength": 1.0}
    other = {"strength": 0.4, "detail": 0.0, "colour": "keep", "scale": 2.0, "patch": 4, "effort": 0.5}

    first, second = (transfer(content, style, 40, 32, **asked)[0] for asked in (usual, usual | {name: other[name]}))

    assert not np.array_equal(first, second)


def test_options_explain_themselves_and_their_ends_can_be_asked_for() -> None:
    for option in dataclasses.fields(Options):
        assert option.metadata["help"]
        assert ("low" in option.metadata and "high" in option.metadata) or "choices" in option.metadata
    with pytest.raises(UsageError, match=r"must lie from 0\.0 to 1\.0"):
        read_options(Style, {"strength": 1.5})
    for end in ("low", "high"):
        asked = {option.name: option.metadata[end] for option in dataclasses.fields(Options) if end in option.metadata}
        out, _ = transfer(picture(3).pixels, picture(8).pixels, 24, 24, **(asked | {"effort": 0.25}))
        assert out.std() > 2


@settings(max_examples=8, deadline=None)
@given(
    width=st.integers(16, 70),
    height=st.integers(16, 70),
    content=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    style=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    patch=st.sampled_from([3, 7, 13]),
)
def test_every_shape_of_content_and_style_gives_a_picture(
    width: int, height: int, content: tuple[int, int], style: tuple[int, int], patch: int
) -> None:
    random = np.random.default_rng(width)
    given_pictures = [random.integers(0, 256, (*size, 3), dtype=np.uint8) for size in (content, style)]

    out, choices = transfer(given_pictures[0], given_pictures[1], width, height, patch=patch, effort=0.25)

    assert out.shape == (height, width, 3)
    assert str(choices["levels"]).count("x") >= 1


def test_one_colour_as_content_or_style_is_a_picture_too() -> None:
    plain = flat((10, 200, 90))

    assert np.abs(transfer(picture(3).pixels, plain)[0].astype(int) - plain[:48]).max() < 12
    assert transfer(plain, picture(3).pixels)[0].shape == (48, 64, 3)


def test_a_content_of_extreme_shape_is_refused_with_a_sentence() -> None:
    pictures = {"content": np.zeros((16, 4096, 3), np.uint8), "style": picture(1).pixels}

    with pytest.raises(EngineError, match=r"content of 4096 x 16 pixels is too slim.*at most 128 times"):
        Style().natural_size(None, pictures)
    with pytest.raises(EngineError, match=r"64 x 15 pixels has no room for patches.*16 pixels at least"):
        transfer(picture(3).pixels, picture(8).pixels, 64, 15)


def test_a_style_of_extreme_shape_is_taken_as_it_is() -> None:
    style = np.random.default_rng(1).integers(0, 256, (16, 4096, 3), dtype=np.uint8)

    assert transfer(picture(3).pixels, style)[0].std() > 5


def test_a_picture_beyond_the_limit_is_refused_before_anything_is_computed() -> None:
    with pytest.raises(EngineError, match=r"up to 2048 pixels.*2049 x 64 are asked for"):
        transfer(picture(3).pixels, picture(8).pixels, 2049, 64)


@pytest.mark.parametrize("role", ["content", "style"])
def test_a_missing_picture_is_named(role: str) -> None:
    pictures = {"content": picture(3).pixels, "style": picture(8).pixels}
    del pictures[role]
    out = np.zeros((32, 32, 3), np.uint8)

    with pytest.raises(EngineError, match=rf"needs a picture as {role}: give it with --{role}\."):
        Style().generate(Request(seed=1, width=32, height=32, pictures=pictures), out)


def test_progress_rises_to_one_and_may_stop_the_work() -> None:
    heard: list[float] = []
    pictures = {"content": picture(3).pixels, "style": picture(8).pixels}
    out = np.zeros((48, 64, 3), np.uint8)
    Style().generate(Request(seed=1, width=64, height=48, pictures=pictures, progress=heard.append), out)

    assert heard == sorted(heard)
    assert heard[-1] == 1.0

    def stop(share: float) -> None:
        if share > 0.3:
            raise KeyboardInterrupt

    out[...] = 0
    with pytest.raises(KeyboardInterrupt):
        Style().generate(Request(seed=1, width=64, height=48, pictures=pictures, progress=stop), out)
    assert not out.any()


@pytest.mark.parametrize(
    ("content", "size"),
    [((300, 400), (400, 300)), ((1000, 4000), (1024, 256)), ((1, 1), (16, 16)), ((16, 1600), (1600, 16))],
)
def test_the_natural_size_is_that_of_the_content_within_limits(content: tuple[int, int], size: tuple[int, int]) -> None:
    assert Style().natural_size(None, {"content": np.zeros((*content, 3), np.uint8)}) == size


def test_another_shape_is_cut_from_the_middle() -> None:
    assert covering(400, 300, 100, 100) == (50, 0, 350, 300)
    assert covering(100, 300, 100, 100) == (0, 100, 100, 200)
    assert covering(64, 48, 64, 48) == (0, 0, 64, 48)


def test_levels_grow_to_the_size_asked_for_and_strength_begins_smaller() -> None:
    asked: dict[str, Any] = {"detail": 0.5, "scale": 1.0, "effort": 1.0, "patch": 7}
    weak, strong = (plan(384, 512, (600, 800), strength=strength, **asked) for strength in (0.0, 1.0))

    for levels in (weak, strong):
        assert (levels[-1].height, levels[-1].width) == (384, 512)
        assert [level.width for level in levels] == sorted(level.width for level in levels)
    assert weak[0].width == 256
    assert strong[0].width == 24
    assert strong[0].hold < weak[0].hold


@given(
    style=st.tuples(st.integers(1, 20_000), st.integers(1, 20_000)),
    pixels=st.integers(64, 2048 * 2048),
    scale=st.floats(0.25, 4.0),
)
def test_the_style_never_has_many_more_pixels_than_the_picture(
    style: tuple[int, int], pixels: int, scale: float
) -> None:
    left, top, right, bottom = style_box(*style)
    high, wide = style_size((bottom - top, right - left), pixels, scale=scale, patch=13)

    assert min(high, wide) >= 14
    assert high * wide <= max(4.2 * pixels, 16 * 15 * 15)
    assert 0 <= left < right <= style[1]
    assert 0 <= top < bottom <= style[0]


def test_targets_give_each_number_the_one_of_its_rank() -> None:
    have = torch.tensor([[0.5, -2.0, 3.0, 0.5], [0.0, -0.0, 1.0, -1.0]])
    want = torch.tensor([[10.0, 30.0, 20.0, 40.0], [1.0, 2.0, 3.0, 4.0]])

    assert targets(have, want).tolist() == [[20, 10, 40, 30], [3, 2, 4, 1]]
    assert targets(have[:1], torch.tensor([[0.0, 10.0]])).tolist() == [[2.5, 0.0, 10.0, 7.5]]


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=40), st.integers(0, 99))
def test_targets_agree_with_a_plain_sort(numbers: list[float], seed: int) -> None:
    have = torch.tensor([numbers])
    want = torch.randn(1, len(numbers), generator=torch.Generator().manual_seed(seed))
    ranks = np.argsort(have[0].numpy() + 0.0, kind="stable")

    found = targets(have, want)[0]

    assert torch.equal(found[torch.from_numpy(ranks)].sort()[0], want[0].sort()[0])
    assert (np.diff(found.numpy()[np.lexsort((found.numpy(), have[0].numpy()))]) >= 0).all()


def test_the_flow_brings_patches_nearer_in_distribution() -> None:
    style = tensor(picture(8, 64, 64).pixels)
    moved = start = tensor(picture(3, 64, 64).pixels)
    for step in range(20):
        moved = flow(moved, style, patch=5, share=0.7, chance=Chance(step, "test"))

    def away(one: torch.Tensor) -> float:
        filters = torch.linalg.qr(Chance(0, "judge").normal(75, 32))[0].T.float().reshape(-1, 3, 5, 5)
        have, want = (torch.nn.functional.conv2d(each, filters).flatten(2)[0].sort(1)[0] for each in (one, style))
        return float((have - want).abs().mean())

    assert away(moved) < 0.25 * away(start)


def test_a_picture_is_put_together_from_patches_of_the_style_alone() -> None:
    style = tensor(flat((255, 0, 0), (0, 0, 255)))

    made = assemble(tensor(picture(3, 64, 64).pixels), style, patch=5, chance=Chance(1, "test"))

    assert made.shape == (1, 3, 64, 64)
    assert float(made[:, 1].max()) < -0.99
    assert torch.allclose(assemble(style, style, patch=5, chance=Chance(1, "test")), style, atol=0.05)


def test_recolouring_brings_mean_and_spread_over() -> None:
    one, other = tensor(picture(3).pixels), tensor(picture(8).pixels)

    found = recolour(one, other, Chance(1, "test"))

    for part in (found.smooth, found.matched):
        assert torch.allclose(part.mean((0, 2, 3)), other.mean((0, 2, 3)), atol=0.08)
    assert float(luminance(found.smooth).std()) == pytest.approx(float(luminance(other).std()), rel=0.25)
