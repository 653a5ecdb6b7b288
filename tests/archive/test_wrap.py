"""Any callable that makes pictures is recorded by itself, and loses nothing by it."""
# ruff: noqa: ARG002, ARG005  (the arguments are there to be recorded)

import json
import threading
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from pictures import picture
from PIL import Image
from sqlalchemy import select

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.detail import Detail, show
from provenance.archive.lineage import lineage
from provenance.archive.search import artworks
from provenance.archive.wrap import recorded, wrap
from provenance.errors import StoreError, UsageError
from provenance.store.folder import FolderStore


@dataclass
class Output:
    images: Any
    nsfw_content_detected: Any = None


@dataclass
class Pipeline:
    """Called as the pipelines of diffusers are."""

    config: Any = field(default_factory=lambda: SimpleNamespace(_name_or_path="/models/tiny-sd"))
    unet: str = "the network"
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def to(self, _device: str) -> "Pipeline":
        return self

    def __call__(
        self,
        prompt: Any = None,
        negative_prompt: str | None = None,
        num_inference_steps: int = 20,
        guidance_scale: float = 7.5,
        num_images_per_prompt: int = 1,
        generator: Any = None,
        image: Any = None,
        output_type: str = "pil",
        callback_on_step_end: Any = None,
        **more: Any,
    ) -> Output:
        count = num_images_per_prompt * (len(prompt) if isinstance(prompt, list) else 1)
        return Output([picture(seed).image() for seed in range(count)])


def latest(archive: Archive) -> Detail:
    return show(archive, artworks(archive)[0].uid)


def ended(archive: Archive) -> tuple[str, str | None]:
    with archive.database.read() as session:
        end = session.scalars(select(schema.RunEnd)).one()
        return end.outcome, end.message


def test_a_call_is_a_run_with_all_its_arguments_and_their_defaults(archive: Archive) -> None:
    pipeline = wrap(archive, Pipeline())
    result = pipeline("boats", guidance_scale=5, generator=torch.Generator().manual_seed(7), num_images_per_prompt=2)

    detail = latest(archive)
    assert isinstance(result, Output)
    assert detail.run is not None
    assert (detail.run["prompt"], detail.run["seed"]) == ("boats", "7")
    assert detail.run["model"]["name"] == "tiny-sd (Pipeline)"
    assert detail.run["outcome"] == "finished"
    assert detail.run["parameters"] == {
        "negative_prompt": None,
        "num_inference_steps": 20,
        "guidance_scale": 5,
        "num_images_per_prompt": 2,
        "image": None,
        "output_type": "pil",
        "generator": {"device": "cpu", "initial_seed": "7", "advanced": False},
    }
    assert [row.making for row in artworks(archive)] == ["generated", "generated"]


def test_what_is_returned_comes_back_unchanged(plain_archive: Archive) -> None:
    things = [picture(1).image()]
    output = Output(things)

    assert wrap(plain_archive, lambda: output, "m")() is output
    assert output.images is things


def test_the_run_is_written_down_before_the_call(plain_archive: Archive) -> None:
    def call(prompt: str) -> Any:
        with plain_archive.database.read() as session:
            assert session.scalars(select(schema.Run)).one().prompt == prompt
        return picture(1).image()

    wrap(plain_archive, call)("boats")


def test_pictures_are_found_in_whatever_holds_them(plain_archive: Archive) -> None:
    pixels = picture(1).pixels
    planes = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None]
    held = [
        Output([picture(1).image()]),
        {"images": [picture(1).image()]},
        [picture(1).image()],
        ([picture(1).image()], [False]),
        picture(1),
        picture(1).image(),
        pixels,
        pixels[None].astype(np.float32) / 255,
        planes,
        Output(planes.float() / 255),
    ]
    for each in held:
        wrap(plain_archive, lambda each=each: each, "m")()

    found = [show(plain_archive, row.uid).pixels_digest for row in artworks(plain_archive)]
    assert found == [picture(1).digest.hex] * len(held)


def test_what_is_no_picture_is_handed_on_and_its_run_says_so(plain_archive: Archive) -> None:
    others: list[tuple[Any, str]] = [
        (SimpleNamespace(frames=[[1, 2]]), "a video"),
        ("a text", "a str, in which no picture was found"),
        (None, "a NoneType"),
        (np.zeros((2, 3, 4, 8, 8)), "no picture was found"),
        (Output([np.full((4, 4, 3), -1.0)]), "values from -1"),
        (Output([]), "no picture"),
    ]
    for result, _ in others:
        assert wrap(plain_archive, lambda result=result: result, "m")() is result

    with plain_archive.database.read() as session:
        ends = session.scalars(select(schema.RunEnd).order_by(schema.RunEnd.run_id)).all()
        assert [end.outcome for end in ends] == ["failed"] * 5 + ["finished"]
        assert [said for end, (_, said) in zip(ends, others, strict=True) if said not in (end.message or "")] == []
    assert artworks(plain_archive) == []


def test_latents_are_handed_on_and_not_taken_for_a_picture(plain_archive: Archive) -> None:
    latents = torch.rand(1, 4, 8, 8)

    def call(output_type: str) -> Output:
        return Output(latents)

    assert wrap(plain_archive, call)(output_type="latent").images is latents
    assert "latents" in (ended(plain_archive)[1] or "")


def test_pictures_that_were_withheld_are_skipped_with_a_note(plain_archive: Archive) -> None:
    wrap(plain_archive, lambda: Output([None, picture(1).image()], [True, False]), "m")()

    assert ended(plain_archive) == ("finished", "1 of 2 pictures were withheld by what makes them.")
    assert len(artworks(plain_archive)) == 1


def test_a_picture_that_was_blacked_out_says_so(plain_archive: Archive) -> None:
    wrap(plain_archive, lambda: Output([picture(1).image()], [True]), "m")()

    assert latest(plain_archive).parameters == {"nsfw_content_detected": True}


def test_what_the_callable_raises_comes_through_and_ends_the_run(archive: Archive) -> None:
    def call() -> None:
        raise ZeroDivisionError("no boats")

    with pytest.raises(ZeroDivisionError, match="no boats"):
        wrap(archive, call)()
    assert ended(archive) == ("failed", "ZeroDivisionError: no boats")


def test_ctrl_c_ends_the_run_as_cancelled(plain_archive: Archive) -> None:
    def call() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wrap(plain_archive, call)()
    assert ended(plain_archive)[0] == "cancelled"


def test_pictures_that_cannot_be_kept_stay_with_the_error(
    plain_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError("There is no room left on the disk.")

    monkeypatch.setattr(FolderStore, "put", full)
    output = Output([picture(1).image()])
    with pytest.raises(StoreError, match="no room") as raised:
        wrap(plain_archive, lambda: output, "m")()

    assert cast("Any", raised.value).result is output


def test_arguments_that_do_not_fit_are_refused_in_the_callables_own_words(plain_archive: Archive) -> None:
    with pytest.raises(TypeError, match="missing 1 required"):
        wrap(plain_archive, lambda prompt: picture(1), "m")()


@pytest.mark.parametrize("prompt", ["a\0b", "x" * 1_000_000])
def test_a_prompt_that_cannot_be_recorded_is_refused_before_the_call(plain_archive: Archive, prompt: str) -> None:
    called: list[str] = []
    with pytest.raises(UsageError, match="prompt"):
        wrap(plain_archive, lambda prompt: called.append(str(prompt)), "m")(prompt)

    assert called == []
    with plain_archive.database.read() as session:
        assert session.scalars(select(schema.Run)).first() is None


def test_emoji_in_a_prompt_are_recorded(archive: Archive) -> None:
    wrap(archive, lambda prompt: picture(1), "m")("boats 🐈\u200d⬛")

    run = latest(archive).run
    assert run is not None
    assert run["prompt"] == "boats 🐈\u200d⬛"


def test_attributes_go_through_and_to_stays_wrapped(plain_archive: Archive) -> None:
    inner = Pipeline()
    pipeline = wrap(plain_archive, inner)
    pipeline.unet = "another"

    assert (inner.unet, pipeline.unet, pipeline.device) == ("another", "another", torch.device("cpu"))
    assert pipeline.to("cpu") is pipeline
    pipeline.to("cpu")("boats")
    assert len(artworks(plain_archive)) == 1
    with pytest.raises(AttributeError):
        _ = pipeline.nothing


def test_a_decorator_records_a_function_and_keeps_its_name(plain_archive: Archive) -> None:
    @recorded(plain_archive, model="mine", by="Ada Lind", source_type="algorithmicMedia")
    def draw(prompt: str, seed: int = 3) -> Image.Image:
        """Draw."""
        return picture(seed).image()

    draw("boats")
    detail = latest(plain_archive)
    assert (draw.__name__, draw.__doc__) == ("draw", "Draw.")
    assert (detail.by, detail.seed, detail.source_type) == ("Ada Lind", "3", "algorithmicMedia")


def test_a_method_can_be_decorated(plain_archive: Archive) -> None:
    class Studio:
        @recorded(plain_archive)
        def draw(self, seed: int) -> Image.Image:
            return picture(seed).image()

    Studio().draw(4)
    run = latest(plain_archive).run
    assert run is not None
    assert (run["parameters"], run["seed"]) == ({"seed": 4}, "4")


def test_several_prompts_and_generators_belong_to_their_pictures(plain_archive: Archive) -> None:
    pipeline = wrap(plain_archive, Pipeline())
    pipeline(
        ["cats", "dogs"], generator=[torch.Generator().manual_seed(n) for n in (1, 2, 3, 4)], num_images_per_prompt=2
    )

    found = [show(plain_archive, row.uid) for row in reversed(artworks(plain_archive))]
    assert [detail.parameters["prompt"] for detail in found] == ["cats", "cats", "dogs", "dogs"]
    assert [detail.seed for detail in found] == ["1", "2", "3", "4"]
    assert found[0].run is not None
    assert (found[0].run["prompt"], found[0].run["seed"]) == (None, None)


def test_a_generator_that_was_used_before_is_recorded_as_such(plain_archive: Archive) -> None:
    generator = torch.Generator().manual_seed(7)
    torch.rand(1, generator=generator)
    wrap(plain_archive, Pipeline())("boats", generator=generator)

    run = latest(plain_archive).run
    assert run is not None
    assert run["parameters"]["generator"]["advanced"] is True


def test_a_picture_that_it_was_given_joins_the_lineage(archive: Archive) -> None:
    pipeline = wrap(archive, Pipeline())
    with archive.run("first") as run:
        run.add(picture(30))
    pipeline("boats", image=picture(30).image())

    detail = latest(archive)
    assert detail.run is not None
    assert detail.run["parameters"]["image"]["picture"] == str(picture(30).digest)
    steps = [(step.role, step.parent, step.truth) for step in lineage(archive, detail.uid).steps]
    assert ("input", run.artworks[0], "checked") in steps


def test_arguments_of_any_kind_are_written_down_or_named_by_type(plain_archive: Archive) -> None:
    given = {
        "dtype": torch.float16,
        "numbers": [1, 2.5, float("inf")],
        "deep": {"a": {"b": (True, None)}},
        "latents": torch.zeros(1, 4, 2, 2),
        "thing": object(),
        "weird key!": 1,
        "progress_bar": 3,
        "_hidden": np.int8(2),
    }
    wrap(plain_archive, Pipeline())("boats", **given)

    run = latest(plain_archive).run
    assert run is not None
    said = run["parameters"]
    assert said["dtype"] == "torch.float16"
    assert (said["numbers"], said["deep"]) == ([1, 2.5, "inf"], {"a": {"b": [True, None]}})
    assert (said["latents"]["shape"], said["latents"]["dtype"]) == ("1x4x2x2", "torch.float32")
    assert (said["thing"], said["weird_key_"], said["hidden"]) == ({"type": "builtins.object"}, 1, 2)
    assert "progress_bar" not in said


def test_threads_record_side_by_side(plain_archive: Archive) -> None:
    pipeline = wrap(plain_archive, Pipeline())
    threads = [threading.Thread(target=pipeline, args=(f"boats {n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    runs = [show(plain_archive, row.uid).run for row in artworks(plain_archive)]
    assert sorted(run["prompt"] for run in runs if run) == [f"boats {n}" for n in range(6)]


def test_what_gives_its_pictures_later_is_not_wrapped(plain_archive: Archive) -> None:
    async def later() -> None: ...

    def one_by_one() -> Any:
        yield picture(1)

    for call in (later, one_by_one):
        with pytest.raises(UsageError, match=r"archive.run"):
            wrap(plain_archive, call)
    with pytest.raises(UsageError, match="cannot be called"):
        wrap(plain_archive, cast("Any", 5))


def test_secrets_among_the_arguments_are_not_recorded(plain_archive: Archive) -> None:
    def generate(prompt: str, api_key: str, token: str = "t0ken") -> Image.Image:
        return picture(1).image()

    plain_archive.wrap(generate)("boats", api_key="s3cret")

    with plain_archive.database.read() as session:
        parameters = json.dumps(session.scalars(select(schema.Run.parameters)).one())
    assert "s3cret" not in parameters
    assert "t0ken" not in parameters
