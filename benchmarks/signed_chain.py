"""Promise: with the signed list of the works that its model learnt from, signing a picture takes at most twice as long.

A 512 px picture is signed and read back without a bundle, then with a set of works as its ingredient: staged once
for all pictures, as a run does, and, for comparison, handed over whole each time. The rows show how the cost and
the file grow with the set, and which form the list takes: records, digests, or the Merkle root alone. The last
rows lift the limit (`sign.bundle.LIMIT`), and are why it is where it is. Rounds are interleaved; medians are shown.

    python benchmarks/signed_chain.py [--rounds N]
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

import numpy as np

from provenance.collect.merkle import dataset_root
from provenance.collect.work import Work
from provenance.digest import Digest
from provenance.export.encode import encode
from provenance.picture import Picture
from provenance.sign import bundle as bundles
from provenance.sign.bundle import WorkSet, bundle
from provenance.sign.claim import AiDisclosure, Claim, Ingredient, SoftwareAgent
from provenance.sign.definition import ZIP
from provenance.sign.embed import Signer
from provenance.sign.identity import create_trial

PROMISE = 2.0
"""CPU time with the list over CPU time without, reading back included."""

SETS = (50, 200, 400, 800, 1_500, 2_000, 20_000)
BEYOND = (800, 2_000)
"""Sets whose records are written in full in spite of the limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way to sign the picture."""

    name: str
    claim: Claim
    whole: Claim | None
    """The same with the bundle handed over each time."""
    limited: bool = True


def work_set(count: int) -> WorkSet:
    """Make records of the usual length: they compress as real ones do, but for the digests."""
    works = [
        Work(
            file_digest=Digest.of(f"file {number}".encode()),
            pixels_digest=Digest.of(f"pixels {number}".encode()),
            file_size=10_000 + 37 * number,
            media_type="image/png",
            width=618,
            height=618,
            name=f"smileys-emotion/face-{number:05X}.png",
            title=f"face number {number}",
            creator=("Ada Lind", "Bo Ek", "Carla Fernandes")[number % 3],
            licence="CC-BY-SA-4.0",
            source=f"https://example.org/library/{number:05X}/",
            category="smileys-emotion",
        )
        for number in range(count)
    ]
    root = dataset_root(work.uid for work in works)
    return WorkSet(uid="ab" * 32, name="faces", version=1, merkle_root=root, works=works)


def with_bundle(signer: Signer, count: int, *, limited: bool) -> Case:
    limit = bundles.LIMIT
    bundles.LIMIT = limit if limited else 1 << 30  # type: ignore[misc]
    data, claim = bundle(work_set(count), people=True, at=datetime.now(UTC))
    bundles.LIMIT = limit  # type: ignore[misc]
    signed = signer.sign(data, ZIP, claim).data
    whole = Ingredient(
        label="bundle",
        relationship="inputTo",
        title=claim.title,
        digest=Digest.of(signed),
        data=signed,
        media_type=ZIP,
        data_types=("c2pa.types.dataset",),
    )
    base = made_claim()
    return Case(
        name=f"{count:,} works, {claim.dataset['form']}{'' if limited else ' without the limit'}",
        claim=replace(base, ingredients=(*base.ingredients, signer.stage(whole))),
        whole=replace(base, ingredients=(*base.ingredients, whole)),
        limited=limited,
    )


def made_claim() -> Claim:
    """Say what prov says about a generated picture, the set left out."""
    model = Ingredient(
        label="model",
        relationship="inputTo",
        title="faces 1",
        digest=Digest.of(b"weights"),
        data_types=("c2pa.types.model",),
    )
    return Claim(
        title="faces 7",
        media_type="image/png",
        opening="created",
        when=datetime.now(UTC),
        digital_source_type="trainedAlgorithmicMedia",
        software_agent=SoftwareAgent(name="gan", version="1"),
        parameters={"seed": "18446744073709551615", "truncation": "0.7", "device": "cpu"},
        ingredients=(model,),
        record={"run": "ab" * 32, "artwork": "cd" * 32, "pixels": str(Digest.of(b"pixels"))},
        ai_disclosure=AiDisclosure(model_name="faces 1", model_identifier=f"urn:prov:model:{model.digest}"),
    )


def picture() -> bytes:
    """Make a 512 px PNG that compresses like a photograph: smooth light with some grain."""
    rows, columns = np.mgrid[0:512, 0:512] / 512
    smooth = np.stack([np.sin(7 * columns + 3 * rows), np.cos(5 * rows), np.sin(9 * columns * rows)], axis=-1)
    grain = np.random.default_rng(1).normal(0, 4, (512, 512, 3))
    return encode(Picture((127 + 100 * smooth + grain).clip(0, 255).astype(np.uint8)), "png")


def timed(make: Callable[[], object]) -> float:
    started = time.process_time()
    make()
    return (time.process_time() - started) * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    signer = Signer(create_trial("benchmark", now=datetime.now(UTC)))
    data = picture()
    plain = Case(name="no bundle", claim=made_claim(), whole=None)
    cases = [plain, *(with_bundle(signer, count, limited=True) for count in SETS)]
    cases += [with_bundle(signer, count, limited=False) for count in BEYOND]
    costs: dict[str, list[float]] = {case.name: [] for case in cases}
    sizes = {case.name: signer.sign(data, "image/png", case.claim).store_size for case in cases}
    for _ in range(rounds):
        for case in cases:
            costs[case.name].append(timed(partial(signer.sign, data, "image/png", case.claim)))
    bare = costs[plain.name]
    kept = True
    for case in cases:
        ratio = statistics.median(cost / base for cost, base in zip(costs[case.name], bare, strict=True))
        kept = kept and (ratio <= PROMISE or not case.limited)
        handed = ""
        if case.whole is not None and case.limited:
            each = [timed(partial(signer.sign, data, "image/png", case.whole)) for _ in range(5)]
            handed = f", handed over each time {statistics.median(each):.1f} ms"
        spent = f"{statistics.median(costs[case.name]):.2f} ms a picture ({ratio:.2f} times)"
        print(f"{case.name}: {spent}, manifests {sizes[case.name] / 1000:.1f} kB{handed}")
    print(f"The promise of {PROMISE} is {'kept' if kept else 'broken'}.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
