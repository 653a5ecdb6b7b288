"""Requests checked, devices chosen, engines run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from provenance.digest import Json
from provenance.errors import CancelledError, EngineError, UsageError
from provenance.generate.engine import Promise, Request
from provenance.generate.registry import choose_device, find, render, request_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """None."""


class Grumpy:
    """An engine that does what the test says."""

    name: ClassVar[str] = "grumpy"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "Fails."
    styles: ClassVar[Mapping[str, str]] = {}
    promise: ClassVar[Promise] = Promise()
    Options: ClassVar[type[Any]] = Options

    def __init__(self, outcome: Any) -> None:
        self._outcome = outcome

    def generate(self, request: Request, out: NDArray[np.uint8]) -> Mapping[str, Json]:
        out[:] = 1
        request.progress(0.5)
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        choices: Mapping[str, Json] = self._outcome
        return choices


def canvas() -> NDArray[np.uint8]:
    return np.zeros((8, 8, 3), np.uint8)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"seed": -1}, "The seed must be a whole number from 0 to 18446744073709551615; it is -1"),
        ({"seed": 2**64}, "The seed must"),
        ({"seed": True}, "The seed must"),
        ({"width": 0}, "The width must be a whole number from 1 to 16384; it is 0"),
        ({"height": 16_385}, "The height must"),
        ({"tile": 8}, "The tile must"),
        ({"style": "rococo"}, r"cppn has no style 'rococo'\. Its styles: nacre, silk"),
        ({"palette": ["#000000"]}, "two colours"),
        ({"palette": ["#000000", "red"]}, "'red' is not a colour"),
        ({"palette": "mauve"}, "no palette 'mauve'"),
        ({"parameters": {"speed": 1}}, "no parameter 'speed'"),
        ({"parameters": {"grain": 7}}, "must lie from 0.0 to 1.0"),
        ({"parameters": {"detail": "much"}}, "takes a number"),
        ({"parameters": {"palette": "mauve"}}, "is one of auto, sumi"),
        ({"device": "cuda:99"}, r"no device 'cuda:99' here\. There are: .*cpu"),
        ({"device": "tpu"}, "no device 'tpu'"),
    ],
)
def test_a_wrong_request_is_a_sentence(wrong: dict[str, Any], sentence: str) -> None:
    asked: dict[str, Any] = {"seed": 1, "width": 8, "height": 8, "device": "cpu"} | wrong

    with pytest.raises(UsageError, match=sentence):
        request_for(find("cppn").engine, **asked)


def test_a_right_request_holds_what_was_asked() -> None:
    request = request_for(
        find("cppn").engine,
        seed=2**64 - 1,
        width=16_384,
        height=1,
        style="silk",
        parameters={"grain": "0.5"},
        palette=["#000000", "FFffFF"],
        device="cpu",
    )

    assert (request.seed, request.style, request.palette) == (2**64 - 1, "silk", ("#000000", "#ffffff"))
    assert request.options.grain == 0.5


def test_auto_finds_a_device_and_cpu_is_always_one() -> None:
    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") in {"cuda", "mps", "cpu"}


@pytest.mark.parametrize(
    "out",
    [
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 9, 3), np.uint8),
        np.zeros((8, 8, 3), np.float32),
        np.broadcast_to(np.uint8(0), (8, 8, 3)),
    ],
)
def test_an_array_that_cannot_hold_the_picture_is_refused(out: NDArray[Any]) -> None:
    request = request_for(find("cppn").engine, seed=1, width=8, height=8, device="cpu")

    with pytest.raises(UsageError, match="writable uint8 array of shape"):
        render(find("cppn").engine, request, out)


def test_an_engine_that_fails_becomes_a_sentence() -> None:
    request = Request(seed=1, width=8, height=8)

    with pytest.raises(EngineError, match="grumpy failed on 8 x 8 pixels on cpu: RuntimeError: out of memory"):
        render(Grumpy(RuntimeError("out of memory")), request, canvas())
    with pytest.raises(EngineError, match="set is not JSON serializable"):
        render(Grumpy({"colours": {1, 2}}), request, canvas())


def test_what_progress_raises_comes_through() -> None:
    def stop(share: float) -> None:
        raise KeyError(share)

    def cancel(share: float) -> None:
        raise CancelledError("Stopped.")

    with pytest.raises(KeyError):
        render(Grumpy({}), Request(seed=1, width=8, height=8, progress=stop), canvas())
    with pytest.raises(CancelledError):
        render(find("cppn").engine, Request(seed=1, width=8, height=8, progress=cancel), canvas())
