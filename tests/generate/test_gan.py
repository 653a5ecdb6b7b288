"""The GAN engine: pictures from weights, near and between earlier ones, and weights that are not as recorded."""

import base64
import json
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from provenance.digest import Digest, canonical_json
from provenance.errors import EngineError, NotFoundError, ProvenanceError, UsageError
from provenance.generate.engine import Request, Weights, needs_of, read_options
from provenance.generate.gan import Gan, Options
from provenance.generate.gan_network import Architecture, Generator, Sampler, double, fold, learnt

Make = Callable[..., Weights]
PLAIN = Architecture(size=32, latent=16, width=0.25)
SORTED = replace(PLAIN, categories=("cats", "hearts", "suns"))


def network(architecture: Architecture, seed: int = 0) -> Generator:
    """Make a network that nobody trained, but whose normalisation is not trivial."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = Generator(architecture)
        for layer in made.modules():
            if isinstance(layer, nn.BatchNorm2d):
                assert layer.running_mean is not None
                assert layer.running_var is not None
                layer.running_mean.normal_(0, 0.1)
                layer.running_var.uniform_(0.02, 0.1)
        nn.init.normal_(made.colour.weight, 0, 0.5)
    return made.eval()


@pytest.fixture
def make(tmp_path: Path) -> Make:
    from safetensors.torch import save_file

    def made(architecture: Architecture = PLAIN, seed: int = 0) -> Weights:
        path = tmp_path / f"{seed}-{len(architecture.categories)}-{architecture.size}.safetensors"
        save_file(learnt(network(architecture, seed)), path)
        return Weights(path=path, digest=Digest.of_file(path), settings=architecture.settings())

    return made


def request(weights: Weights | None, seed: int = 1, side: int = 32, **more: Any) -> Request:
    return Request(seed=seed, width=side, height=side, weights=weights, **more)


def draw(asked: Request, engine: Gan | None = None) -> tuple[NDArray[np.uint8], Any]:
    out = np.zeros((asked.height, asked.width, 3), np.uint8)
    return out, (engine or Gan()).generate(asked, out)


def draw_many(weights: Weights, seeds: range) -> list[NDArray[np.uint8]]:
    outs = [np.zeros((32, 32, 3), np.uint8) for _ in seeds]
    Gan().generate_many([request(weights, seed) for seed in seeds], outs)
    return outs


def distance(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_a_picture_is_the_same_whatever_is_made_with_it_on_any_number_of_threads(make: Make) -> None:
    weights = make(SORTED)
    together = draw_many(weights, range(21))

    for seed in (0, 7, 8, 20):
        assert (draw(request(weights, seed))[0] == together[seed]).all()
    torch.set_num_threads(2)
    assert np.array_equal(draw_many(weights, range(21)), together)
    assert torch.get_num_threads() == 2


def test_every_bit_of_the_seed_counts(make: Make) -> None:
    weights = make()
    seeds = (5, 5 + (1 << 32), 5 + (1 << 63))

    assert len({draw(request(weights, seed))[0].tobytes() for seed in seeds}) == 3


def test_the_choices_are_json_and_hold_the_latent(make: Make) -> None:
    _, choices = draw(request(make(), seed=(1 << 64) - 1))

    assert json.loads(canonical_json(choices))["seed"] == str((1 << 64) - 1)
    latent = np.frombuffer(base64.b64decode(choices["latent"]), "<f4")
    assert latent.shape == (16,)
    assert 0.4 < latent.std() < 1.7


def test_the_network_in_use_gives_what_the_network_gives(make: Make) -> None:
    weights = make(SORTED)
    picture, choices = draw(request(weights, options=Options(category="hearts")))
    latent = torch.from_numpy(np.frombuffer(base64.b64decode(choices["latent"]), "<f4").copy())[None]

    with torch.no_grad():
        plain = network(SORTED)(latent, torch.tensor([[0.0, 1, 0]]))
    expected = ((plain[0] + 1) * 127.5).round().permute(1, 2, 0).numpy()

    assert np.abs(picture - expected).max() <= 1
    assert picture.std() > 5


@pytest.mark.parametrize("side", [4, 8, 16])
def test_doubling_in_one_go_is_doubling_and_convolving(side: int) -> None:
    values, kernels = torch.randn(2, 3, side, side), torch.randn(5, 3, 3, 3)

    expected = functional.conv2d(functional.interpolate(values, scale_factor=2.0), kernels, padding=1)

    assert torch.allclose(double(values, kernels), expected, atol=1e-5)


def test_the_network_always_sees_as_many_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    sampler = Sampler(SORTED, learnt(network(SORTED)), "cpu")
    forward = Generator.forward
    seen: set[tuple[int, int]] = set()

    def watched(self: Generator, latents: torch.Tensor, shares: torch.Tensor | None = None) -> torch.Tensor:
        seen.add((len(latents), torch.get_num_threads()))
        return forward(self, latents, shares)

    monkeypatch.setattr(Generator, "forward", watched)
    torch.set_num_threads(2)
    made = list(sampler.draw(torch.randn(19, 16), torch.eye(3).repeat(7, 1)[:19]))

    assert len(made) == 19
    assert seen == {(8, 1)}


def test_a_machine_whose_rounding_depends_on_the_place_makes_each_picture_alone() -> None:
    class Uneven(Generator):
        def forward(self, latents: torch.Tensor, shares: torch.Tensor | None = None) -> torch.Tensor:
            return super().forward(latents, shares) + torch.arange(len(latents))[:, None, None, None] * 1e-7

    made = network(PLAIN)
    sampler = Sampler(PLAIN, learnt(made), "cpu")
    uneven = Uneven(PLAIN)
    uneven.load_state_dict(made.state_dict())
    sampler._generator = fold(uneven)

    assert sampler._batch == 8
    assert not sampler._is_steady()


def test_without_spread_the_guide_comes_again(make: Make) -> None:
    weights = make(SORTED)
    first, choices = draw(request(weights, 3))

    again, _ = draw(request(weights, 99, like=(choices,), options=Options(spread=0.0)))

    assert (again == first).all()


def test_the_spread_leads_away_from_the_guide(make: Make) -> None:
    weights = make()
    first, choices = draw(request(weights, 3))

    ways = [
        np.mean([
            distance(first, draw(request(weights, seed, like=(choices,), options=Options(spread=spread)))[0])
            for seed in range(8)
        ])
        for spread in (0.1, 0.4, 1.0)
    ]  # fmt: skip

    assert ways == sorted(ways)
    assert (
        draw(request(weights, 7, like=(choices,), options=Options(spread=1.0)))[0] == draw(request(weights, 7))[0]
    ).all()


def test_two_guides_are_the_ends_of_a_way(make: Make) -> None:
    weights = make()
    (first, one), (last, two) = draw(request(weights, 3)), draw(request(weights, 4))

    way = [
        draw(request(weights, 0, like=(one, two), options=Options(spread=0.0, position=place)))[0]
        for place in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]

    assert (way[0] == first).all()
    assert (way[-1] == last).all()
    steps = [distance(first, picture) for picture in way]
    assert steps == sorted(steps)


def test_between_two_pictures_latents_keep_their_length(make: Make) -> None:
    weights = make()
    guides = tuple(draw(request(weights, seed))[1] for seed in (3, 4))

    _, choices = draw(request(weights, 0, like=guides, options=Options(spread=0.0)))

    lengths = [np.linalg.norm(np.frombuffer(base64.b64decode(c["latent"]), "<f4")) for c in (*guides, choices)]
    assert lengths[2] == pytest.approx((lengths[0] + lengths[1]) / 2, rel=1e-5)


def test_truncation_makes_pictures_alike(make: Make) -> None:
    weights = make()

    def variety(truncation: float) -> float:
        options = Options(truncation=truncation)
        return float(np.std([draw(request(weights, seed, options=options))[0] for seed in range(6)], axis=0).mean())

    assert variety(0.0) == 0
    assert 0 < variety(0.4) < variety(1.0)


def test_a_category_is_asked_for_chosen_by_the_seed_or_taken_from_the_guide(make: Make) -> None:
    weights = make(SORTED)
    seen = {name for seed in range(30) for name in draw(request(weights, seed))[1]["categories"]}
    _, guide = draw(request(weights, 0, options=Options(category="suns")))

    assert seen == set(SORTED.categories)
    assert guide["categories"] == {"suns": 1.0}
    assert draw(request(weights, 1, like=(guide,)))[1]["categories"] == {"suns": 1.0}
    assert draw(request(weights, 1, like=(guide,), options=Options(category="cats")))[1]["categories"] == {"cats": 1.0}


def test_a_category_called_auto_can_be_asked_for(make: Make) -> None:
    weights = make(replace(PLAIN, categories=("auto", "boats")))

    left_out = {name for seed in range(20) for name in draw(request(weights, seed))[1]["categories"]}
    asked = [draw(request(weights, seed, options=Options(category="auto")))[1] for seed in range(20)]

    assert left_out == {"auto", "boats"}
    assert all(each["categories"] == {"auto": 1.0} for each in asked)
    assert asked[0]["parameters"]["category"] == "auto"


def test_auto_lets_the_seed_choose_where_nothing_is_called_so(make: Make) -> None:
    weights = make(SORTED)

    for seed in range(10):
        chosen, left_out = (draw(request(weights, seed, options=o)) for o in (Options(category="auto"), Options()))
        assert np.array_equal(chosen[0], left_out[0])
    assert draw(request(make(), options=Options(category="auto")))[1]["categories"] is None


@pytest.mark.parametrize("name", ["", "(none)"])
def test_works_without_a_category_are_asked_for_by_a_name(make: Make, name: str) -> None:
    weights = make(replace(PLAIN, categories=(name, "boats")))

    assert draw(request(weights, options=Options(category="(none)")))[1]["categories"] == {name: 1.0}
    refused(request(weights, options=Options(category="dogs")), UsageError, r"It learnt: \(none\), boats\.")


def test_between_two_categories_both_have_their_share(make: Make) -> None:
    weights = make(SORTED)
    guides = tuple(draw(request(weights, 0, options=Options(category=name)))[1] for name in ("cats", "suns"))

    _, choices = draw(request(weights, 1, like=guides, options=Options(position=0.25)))

    assert choices["categories"] == {"cats": 0.75, "suns": 0.25}


def test_the_size_of_a_model_is_its_own(make: Make) -> None:
    assert Gan().natural_size(make(), {}) == (32, 32)


def test_a_larger_size_is_made_only_in_a_way_that_was_asked_for(make: Make) -> None:
    weights = make()
    small, _ = draw(request(weights))

    large, choices = draw(request(weights, side=96, options=Options(enlarge="nearest")))

    assert (large[1::3, 1::3] == small).all()
    assert choices["parameters"]["enlarge"] == "nearest"
    assert distance(draw(request(weights, side=96, options=Options(enlarge="smooth")))[0], large) > 0


def test_the_digest_is_checked_again_after_the_weights_were_loaded(make: Make) -> None:
    weights = make()
    engine = Gan()
    draw(request(weights), engine)
    data = bytearray(weights.path.read_bytes())
    data[-1] ^= 1
    weights.path.write_bytes(data)

    with pytest.raises(EngineError, match="not those that were recorded"):
        draw(request(weights), engine)


def refused(asked: Request, kind: type[ProvenanceError], match: str) -> None:
    out = np.full((asked.height, asked.width, 3), 7, np.uint8)
    with pytest.raises(kind, match=match):
        Gan().generate(asked, out)
    assert (out == 7).all()


def test_without_weights_nothing_is_made() -> None:
    refused(request(None), UsageError, "makes nothing without weights")


@pytest.mark.parametrize(
    ("side", "options", "match"),
    [
        (64, Options(), "pictures of 32 x 32 pixels, not 64 x 64"),
        (16, Options(), "not 16 x 16"),
        (40, Options(enlarge="smooth"), "by whole numbers, to 64 x 64"),
        (32, Options(category="cats"), "learnt no categories"),
    ],
)
def test_what_the_model_does_not_make_is_refused(make: Make, side: int, options: Options, match: str) -> None:
    refused(request(make(), side=side, options=options), UsageError, match)


def test_an_unknown_category_names_those_there_are(make: Make) -> None:
    refused(request(make(SORTED), options=Options(category="dogs")), UsageError, r"'dogs'.*cats, hearts, suns")


def test_a_guide_of_other_weights_is_refused(make: Make) -> None:
    _, foreign = draw(request(make(seed=1)))

    refused(request(make(), like=(foreign,)), UsageError, "not made with these weights")


@pytest.mark.parametrize(
    "latent", ["", "!!", "AAAA", None, 5, base64.b64encode(np.full(16, np.nan, "<f4").tobytes()).decode()]
)
def test_a_guide_without_a_latent_is_refused(make: Make, latent: object) -> None:
    weights = make()
    _, choices = draw(request(weights))

    refused(request(weights, like=({**choices, "latent": latent},)), UsageError, "holds no latent of 16 numbers")


@pytest.mark.parametrize("shares", [None, {}, {"dogs": 1.0}, "cats", {"cats": "x"}, {"cats": -1.0}, {"cats": 0.0}])
def test_a_guide_whose_category_the_model_does_not_know_is_refused(make: Make, shares: object) -> None:
    weights = make(SORTED)
    _, choices = draw(request(weights))

    refused(request(weights, like=({**choices, "categories": shares},)), UsageError, "names no category of this model")


def test_a_changed_byte_is_found(make: Make) -> None:
    weights = make()
    data = bytearray(weights.path.read_bytes())
    data[len(data) // 2] ^= 4
    weights.path.write_bytes(data)

    refused(request(weights), EngineError, "not those that were recorded: their digest is sha256:")


def test_weights_that_are_gone_are_told(make: Make) -> None:
    weights = make()
    weights.path.unlink()

    refused(request(weights), NotFoundError, "no file")


def test_a_pickle_is_never_opened(make: Make) -> None:
    weights = make()
    torch.save({"weight": torch.zeros(3)}, weights.path)

    refused(request(replace(weights, digest=Digest.of_file(weights.path))), EngineError, "pickle")


def lying(path: Path, *, shape: list[int], end: int) -> Weights:
    header = json.dumps({"start.weight": {"dtype": "F32", "shape": shape, "data_offsets": [0, end]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(64))
    return Weights(path=path, digest=Digest.of_file(path), settings=PLAIN.settings())


@pytest.mark.parametrize(
    ("shape", "end"), [([1 << 40], 64), ([1 << 40], 1 << 42), ([16], 64), ([-1], 64), ([4], 64), ([1 << 62, 4], 64)]
)
def test_a_header_that_lies_is_refused(tmp_path: Path, shape: list[int], end: int) -> None:
    refused(request(lying(tmp_path / "w.safetensors", shape=shape, end=end)), EngineError, "safetensors|do not fit")


@pytest.mark.parametrize("length", [0, 1, 1 << 20, (1 << 64) - 1])
def test_a_header_of_an_absurd_length_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", length) + b"{}" + bytes(64))

    refused(
        request(Weights(path=path, digest=Digest.of_file(path), settings=PLAIN.settings())), EngineError, "safetensors"
    )


def test_weights_of_another_shape_are_refused(make: Make) -> None:
    weights = make()
    other = replace(weights, settings=replace(PLAIN, width=0.5).settings())

    refused(request(other), EngineError, "do not fit")


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"size": 1 << 40}, "size"),
        ({"size": 33}, "size"),
        ({"size": "32"}, "size"),
        ({"size": True}, "size"),
        ({"latent": 1e300}, "latent"),
        ({"latent": 0}, "latent"),
        ({"width": float("nan")}, "width"),
        ({"width": 1e9}, "width"),
        ({"categories": None}, "categories"),
        ({"categories": ["a", "a"]}, "categories"),
        ({"categories": [["a"]]}, "do not fit"),
        ({"architecture": "gan_v2"}, "architecture 'gan_v2'"),
        ({"architecture": None}, "architecture"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_is_allocated(
    make: Make, changed: dict[str, Any], match: str
) -> None:
    weights = make()

    refused(request(replace(weights, settings={**weights.settings, **changed})), EngineError, match)


def test_the_engine_says_what_it_needs_and_takes() -> None:
    engine = Gan()

    assert needs_of(engine).weights
    assert needs_of(engine).like == 2
    assert read_options(engine, {"truncation": "0.7", "category": "cats"}) == Options(truncation=0.7, category="cats")
    with pytest.raises(UsageError, match="must lie from"):
        read_options(engine, {"spread": "1.5"})


def test_listing_the_engine_does_not_import_torch() -> None:
    program = "import sys; from provenance.generate.gan import Gan; Gan(); print('torch' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
