"""`prov model`: what is said of models, and what is refused with a sentence."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from provenance.words import forbidden_in

TINY = ("--size", "32", "--steps", "4", "--samples", "8", "--seed", "1", "--device", "cpu")
SMALL = ("--param", "batch=4", "--param", "width=0.125", "--param", "checkpoint_every=2")


def test_a_model_is_trained_listed_shown_and_generates(prov: Callable, filled: Path) -> None:  # type: ignore[type-arg]
    made = prov("model", "train", "gan", "faces", "--dataset", "shapes", *TINY, *SMALL, "--by", "Ada Lind", "--json")
    listed = json.loads(prov("model", "list", "--json").out)["models"]
    shown = prov("model", "show", "faces")
    output = json.loads(prov("generate", "faces", "-n", "2", "--seed", "5", "--json").out)

    told = json.loads(made.out)
    assert (made.code, told["works"], told["steps"], told["version"]) == (0, 3, 4, "1")
    assert listed[0]["name"] == "faces"
    assert listed[0]["digest"] == told["digest"].removeprefix("sha256:")
    assert "trained on" in shown.out
    assert "With 3 works and 8 samples, nothing can tell them apart" in shown.out
    assert forbidden_in(shown.out) == []
    assert [artwork["width"] for artwork in output["artworks"]] == [32, 32]


def test_a_stopped_training_says_how_to_go_on(prov: Callable, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[type-arg]
    from provenance.cli import progress

    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(progress, "stop_if_asked", stop)
    stopped = prov("model", "train", "gan", "faces", "--dataset", "shapes", *TINY, *SMALL)
    monkeypatch.undo()
    monkeypatch.chdir(filled.parent)
    listed = prov("model", "list")

    assert stopped.code == 130
    assert "Stopped before the first step: nothing was recorded." in stopped.err
    assert "faces" not in listed.out


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("model", "train", "gan", "faces", "--dataset", "nothing"), 3, "There is no dataset 'nothing'"),
        (("model", "train", "cppn", "faces", "--dataset", "shapes"), 2, "Nothing called 'cppn' learns here"),
        (("model", "train", "gan", "faces", "--dataset", "shapes", "--size", "33"), 2, "32, 64, 128 or 256"),
        (("model", "train", "gan", "faces", "--dataset", "shapes", "--resume"), 3, "No training of faces is open"),
        (("model", "train", "gan", "cppn", "--dataset", "shapes"), 2, "cppn is the name of an engine"),
        (("model", "train", "gan", "faces", "--dataset", "shapes", "--loss", "wgan"), 2, "one of hinge, can"),
        (("model", "show", "nothing"), 2, "There is no engine and no model 'nothing'"),
        (("model", "add", "x", "missing-folder"), 3, "missing-folder"),
        (("generate", "gan"), 2, "makes nothing without a model"),
        (("generate", "cppn", "--prompt", "boats"), 2, "takes no prompt"),
        (("generate", "cppn", "--content", "boats.png"), 2, "takes no picture as --content"),
        (("generate", "style", "--content", "boats.png"), 2, "needs --style"),
        (("generate", "cppn", "--like", "abcd"), 2, "takes no artwork as a guide"),
        (("generate", "cppn", "--like", "abcd", "--mix", "abcd", "abcd"), 2, "say different things"),
    ],
)
def test_what_cannot_be_is_refused(
    refused: Callable[..., str], filled: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    assert sentence in refused(*arguments, code=code)


def test_a_list_without_models_says_how_to_get_one(prov: Callable, here: Path) -> None:  # type: ignore[type-arg]
    prov("init")

    outcome = prov("model", "list")

    assert outcome.code == 0
    assert "There is no model yet." in outcome.out
    assert "prov model train gan" in outcome.err


def test_a_latent_does_not_fill_the_screen(prov: Callable, filled: Path) -> None:  # type: ignore[type-arg]
    prov("model", "train", "gan", "faces", "--dataset", "shapes", *TINY, *SMALL)
    (artwork,) = json.loads(prov("generate", "faces", "--json").out)["artworks"]

    shown = prov("show", artwork["uid"]).out

    assert max(map(len, shown.splitlines())) < 120
    assert "None" not in shown
