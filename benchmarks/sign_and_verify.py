"""Promise: signing and reading back with prov reaches at least 0.9 of the throughput of bare c2pa-python.

Both sign the same bytes with the same manifest definition and key, and read the result back with the picture's
hash. The peer, `bare`, has c2pa's settings as they come, and so checks the manifest once more after signing; prov
leaves that to its own reading. `lean` is bare with that check off, and so does exactly the work that prov does:
the ratio against it is printed too, but the promise is against c2pa as people use it. Rounds are interleaved and
alternate in order; medians and quartiles over the rounds are printed, as CPU time of the process and wall time.

    python benchmarks/sign_and_verify.py [--rounds N]
"""

import argparse
import io
import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import c2pa
import numpy as np
from PIL import Image

from provenance.digest import Digest
from provenance.sign.claim import AiDisclosure, Claim, Ingredient, SoftBinding, SoftwareAgent
from provenance.sign.definition import manifest_definition
from provenance.sign.embed import Signer
from provenance.sign.identity import Identity, create_trial
from provenance.sign.read import Anchor, context_settings, read

PROMISE = 0.9
CASES = ((512, "PNG", 20), (512, "JPEG", 20), (2048, "PNG", 3))
"""Side in pixels, format, signatures a round."""


def picture(side: int, file_format: str) -> bytes:
    """Make a picture that compresses like a photograph: smooth light with some grain."""
    rows, columns = np.mgrid[0:side, 0:side] / side
    smooth = np.stack([np.sin(7 * columns + 3 * rows), np.cos(5 * rows), np.sin(9 * columns * rows)], axis=-1)
    grain = np.random.default_rng(1).normal(0, 4, (side, side, 3))
    target = io.BytesIO()
    Image.fromarray((127 + 100 * smooth + grain).clip(0, 255).astype(np.uint8)).save(target, file_format)
    return target.getvalue()


def realistic_claim(media_type: str) -> Claim:
    """Say what prov says about a generated picture."""
    label = ("model", "dataset", "prompt")
    kinds = ("c2pa.types.model.pytorch", "c2pa.types.dataset", "c2pa.types.generator.prompt")
    return Claim(
        title="Fjord 12",
        media_type=media_type,
        opening="created",
        when=datetime.now(UTC),
        digital_source_type="trainedAlgorithmicMedia",
        software_agent=SoftwareAgent(name="prov-gan", version="2"),
        parameters={"seed": "18446744073709551615", "steps": "30", "guidance": "7.5", "size": "512x512"},
        ingredients=tuple(
            Ingredient(
                label=each, relationship="inputTo", title=each, digest=Digest.of(each.encode()), data_types=(kind,)
            )
            for each, kind in zip(label, kinds, strict=True)
        ),
        record={
            "run": "01JD8ZK3V9",
            "artwork": "01JD90Q4T1",
            "pixels": str(Digest.of(b"pixels")),
            "fingerprints": {"pdq_v1": "f0" * 32, "phash8_v1": "a5" * 8},
            "nearest": {"work": "open-landscapes/0123", "distance": "31"},
        },
        ai_disclosure=AiDisclosure(model_name="landscapes-gan", model_identifier=str(Digest.of(b"model"))),
        soft_bindings=(SoftBinding(algorithm="org.prov.pdq.v1", value="8PDw8PDw8PA="),),
        training_mining={"ai_generative_training": "notAllowed"},
    )


def bare(identity: Identity, claim: Claim, *, own_check: bool) -> Callable[[bytes], str]:
    """Sign and read back as the documentation of c2pa-python shows, with contexts that are made once."""
    assert identity.root is not None
    settings = context_settings([Anchor(name="root", pem=identity.root)])
    info = c2pa.C2paSignerInfo(identity.algorithm, identity.chain, identity.key, None)
    settings["verify"] |= {"verify_after_sign": own_check}
    signing = c2pa.Context.from_dict(settings, signer=c2pa.Signer.from_info(info))
    reading = c2pa.Context.from_dict(settings)
    definition = json.dumps(manifest_definition(claim))

    def sign(data: bytes) -> str:
        target = io.BytesIO()
        with c2pa.Builder(definition, context=signing) as builder:
            builder.sign(claim.media_type, io.BytesIO(data), target)
        with c2pa.Reader(claim.media_type, target, context=reading) as reader:
            return str(reader.get_validation_state())

    return sign


def compare(identity: Identity, side: int, file_format: str, count: int, rounds: int) -> float:
    """Time both, print both, and give the ratio of throughputs by CPU time."""
    media_type = f"image/{file_format.lower()}"
    claim, data = realistic_claim(media_type), picture(side, file_format)
    signer = Signer(identity)
    peers = {"bare": bare(identity, claim, own_check=True), "lean": bare(identity, claim, own_check=False)}
    makers: dict[str, Callable[[], object]] = {
        "prov": lambda: signer.sign(data, media_type, claim),
        "bare": lambda: peers["bare"](data),
        "lean": lambda: peers["lean"](data),
    }
    assert signer.sign(data, media_type, claim).state == peers["bare"](data) == peers["lean"](data) == "Trusted"
    cpu: dict[str, list[float]] = {name: [] for name in makers}
    wall: dict[str, list[float]] = {name: [] for name in makers}
    for number in range(rounds):
        for name in sorted(makers, reverse=number % 2 == 0):
            started_cpu, started = time.process_time(), time.perf_counter()
            for _ in range(count):
                makers[name]()
            cpu[name].append((time.process_time() - started_cpu) / count * 1000)
            wall[name].append((time.perf_counter() - started) / count * 1000)
    print(f"{side} px {file_format}, {len(data) / 1000:.0f} kB, {rounds} rounds of {count}")
    for name in makers:
        print(f"  {name}: CPU {spread(cpu[name])}, wall {spread(wall[name])}")
    for name in peers:
        by_cpu, by_wall = (ratio(kind["prov"], kind[name]) for kind in (cpu, wall))
        print(f"  throughput of prov over {name}: {by_cpu:.2f} by CPU, {by_wall:.2f} by wall")
    return ratio(cpu["prov"], cpu["bare"])


def ratio(ours: list[float], theirs: list[float]) -> float:
    """Give the median over the rounds of how many we make while they make one."""
    return statistics.median(their / our for our, their in zip(ours, theirs, strict=True))


def spread(values: list[float]) -> str:
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f} ms ({low:.2f} to {high:.2f})"


def reading_speed(identity: Identity) -> None:
    """Print what a full reading costs, for the record."""
    assert identity.root is not None
    anchors = [Anchor(name="root", pem=identity.root)]
    data = Signer(identity).sign(picture(512, "PNG"), "image/png", realistic_claim("image/png")).data
    costs = []
    for _ in range(50):
        started = time.process_time()
        read(data, anchors=anchors)
        costs.append((time.process_time() - started) * 1000)
    print(f"a full reading of a 512 px PNG: CPU {spread(costs)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    identity = create_trial("benchmark", now=datetime.now(UTC))
    ratios = [compare(identity, *case, rounds) for case in CASES]
    reading_speed(identity)
    kept = min(ratios) >= PROMISE
    print(f"The promise of {PROMISE} is {'kept' if kept else 'broken'}.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
