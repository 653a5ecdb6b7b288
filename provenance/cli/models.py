"""`prov model`: models, where they come from, and how new ones learn."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provenance.cli.console import emit, facts, next_steps, say, sign, some, table
from provenance.cli.files import say_file, stored_file
from provenance.cli.interrupt import load_torch
from provenance.cli.making import read_parameters, read_seed
from provenance.cli.options import AsJson, name_text, whole
from provenance.cli.progress import trained
from provenance.cli.session import opened
from provenance.errors import CancelledError, UsageError
from provenance.words import NOT_RECORDED, Sign, Truth, count

if TYPE_CHECKING:
    from provenance.archive.add_model import AddedModel
    from provenance.archive.archive import Archive
    from provenance.archive.model_detail import ModelDetail
    from provenance.archive.train import TrainedModel
    from provenance.archive.training_order import TrainingOrder

_FIGURES = {
    "kid": "lower is nearer; 0 is the works themselves",
    "precision": "samples that could be works",
    "recall": "works that it could have made",
    "density": "how thickly works stand around samples",
    "coverage": "works that have a sample near them",
}

ModelName = Annotated[str, typer.Argument(metavar="MODEL", help="NAME, NAME@VERSION, or the beginning of its id.")]
"""One model."""


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Models: train, add, list, show and sign them.", no_args_is_help=True)
    group.command("train")(train)
    group.command("add")(add)
    group.command("list")(listed)
    group.command("show")(show)
    group.command("sign")(signed)
    app.add_typer(group, name="model")


def train(
    context: typer.Context,
    engine: Annotated[str, typer.Argument(metavar="ENGINE", help="What learns: gan.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What you call the model.")],
    dataset: Annotated[str, typer.Option(metavar="DATASET", help="NAME of the dataset, or NAME@VERSION.")],
    size: Annotated[int, typer.Option(metavar="PIXELS", help="Side of its pictures: 32, 64, 128 or 256.")] = 64,
    steps: Annotated[int | None, typer.Option(metavar="N", parser=whole, help="How long it learns.")] = None,
    loss: Annotated[
        str | None, typer.Option(metavar="LOSS", help="hinge, or can for a creative adversarial network.")
    ] = None,
    category: Annotated[
        list[str] | None, typer.Option(metavar="CATEGORY", help="Only works of it. As often as you like.")
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Any other setting: docs/reference.md.")
    ] = None,
    background: Annotated[
        str, typer.Option(metavar="COLOUR", help="Behind transparent works, as #rrggbb.")
    ] = "#ffffff",
    fit: Annotated[str, typer.Option(metavar="FIT", help="What is no square: pad, crop or stretch.")] = "pad",
    samples: Annotated[int, typer.Option(metavar="N", help="Pictures that its figures are measured on.")] = 512,
    seed: Annotated[str | None, typer.Option(metavar="SEED", help="0 to 2^64 - 1; else at random.")] = None,
    device: Annotated[str, typer.Option(metavar="DEVICE", help="auto, cpu, cuda or mps.")] = "auto",
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who trains it: recorded as claimed.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a training that was stopped.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train a model on the works of a dataset that may be learnt from.

    Example: prov model train gan smileys --dataset openmoji --category smileys-emotion --steps 4000
    """
    from provenance.archive.train import train as learn
    from provenance.archive.training_order import TrainingOrder, check_training

    settings: dict[str, str | int | float | bool] = {"size": size, **read_parameters(param or [])}
    settings |= {"steps": steps} if steps is not None else {}
    settings |= {"loss": loss} if loss is not None else {}
    order = TrainingOrder(
        engine=engine,
        name=name,
        dataset=dataset,
        categories=tuple(category or ()),
        settings=settings,
        background=background,
        fit=fit,
        seed=None if seed is None else read_seed(seed),
        device=device,
        by=name_text(by, "--by"),
        resume=resume,
        samples=samples,
    )
    load_torch()
    check_training(order)
    with opened(context) as archive:
        try:
            with trained(name) as report:
                made = learn(archive, order, report=report)
        except KeyboardInterrupt as cause:
            raise CancelledError(_stopped(archive, order)) from cause
        if as_json:
            emit(made)
        else:
            _say_trained(made)
            if made.sheet_digest is not None:
                say_file(stored_file(archive, made.sheet_digest))
            next_steps(f"prov generate {made.name} -n 8", f"prov model show {made.name}")


def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What you call the model.")],
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The folder of a pipeline, or a .safetensors file.")],
    engine: Annotated[
        str, typer.Option(metavar="ENGINE", help="What runs it: diffusers, gan, neural-style.")
    ] = "diffusers",
    lora: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH[@SCALE]", help="An adapter, with its strength. As often as you like."),
    ] = None,
    dtype: Annotated[str | None, typer.Option(metavar="DTYPE", help="float32, float16 or bfloat16.")] = None,
    licence: Annotated[str | None, typer.Option(metavar="SPDX", help="The model's own licence.")] = None,
    trained_on: Annotated[
        list[str] | None, typer.Option(metavar="DATASET", help="What it is said to have learnt from.")
    ] = None,
    derived_from: Annotated[
        list[str] | None, typer.Option(metavar="MODEL", help="The model it is said to be made from.")
    ] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who adds it: recorded as claimed.")] = None,
    as_json: AsJson = False,
) -> None:
    """Register weights that you have, with what is known of their past.

    Files of pipelines stay where they are. Everything that you or its card say is recorded as claimed.

    Example: prov model add harbour models/harbour --lora ink.safetensors@0.8 --trained-on harbour-photos
    """
    from provenance.archive.add_model import add_model

    load_torch()
    with opened(context, create=True) as archive:
        added = add_model(
            archive,
            name,
            path,
            engine=engine,
            loras=[_lora(text) for text in lora or ()],
            dtype=dtype,
            licence=licence,
            trained_on=tuple(trained_on or ()),
            derived_from=tuple(derived_from or ()),
            by=name_text(by, "--by"),
        )
    if as_json:
        emit(added)
    else:
        _say_added(added)


def listed(context: typer.Context, as_json: AsJson = False) -> None:
    """List the models of the archive.

    Example: prov model list
    """
    from provenance.archive.model_detail import models

    with opened(context) as archive:
        found = models(archive)
    if as_json:
        emit({"models": found})
        return
    if not found:
        say("There is no model yet.")
        next_steps("prov model train gan NAME --dataset D", "prov model add NAME PATH")
        return
    rows = [
        (each.name, each.version, each.engine, _digest(each.digest_of, each.digest), count(each.runs), each.uid[:12])
        for each in found
    ]
    table("model", "version", "engine", "known by", ">runs", "id", rows=rows, give=3)
    next_steps(f"prov model show {found[0].name}")


def show(context: typer.Context, model: ModelName, as_json: AsJson = False) -> None:
    """Show a model: what it is, what it learnt from, how well.

    Example: prov model show smileys
    """
    from provenance.archive.model_detail import show_model

    with opened(context) as archive:
        detail = show_model(archive, model)
        if as_json:
            emit(detail)
            return
        _say_model(detail)
        sheet = (detail.training or {}).get("sheet_digest")
        if sheet:
            say_file(stored_file(archive, sheet))
    it = detail.model
    next_steps(f"prov generate {it.name}", f"prov lineage {it.uid[:12]}", f"prov impact {it.uid[:12]}")


def signed(
    context: typer.Context,
    model: ModelName,
    to: Annotated[Path | None, typer.Option(metavar="DIR", help="Where the files go; else the current folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a signed manifest for a model's weights, to go beside them.

    Example: prov model sign smileys --to out
    """
    from provenance.archive.model_signing import sign_model

    with opened(context) as archive:
        made = sign_model(archive, model, to or Path())
    if as_json:
        emit(made)
        return
    say(sign(Sign.CHECKED), f" {made.name} is signed.")
    say_file(made.sidecar)


def _stopped(archive: "Archive", order: "TrainingOrder") -> str:
    from provenance.archive.trainings import open_trainings

    if not open_trainings(archive, order.name):
        return "Stopped before the first step: nothing was recorded."
    return "Stopped. What was learnt is kept: make the same call with --resume to go on."


def _lora(text: str) -> tuple[Path, float]:
    path, at, scale = text.rpartition("@")
    if not at or Path(text).exists():
        return Path(text), 1.0
    try:
        return Path(path), float(scale)
    except ValueError as cause:
        raise UsageError(f"{scale!r} in --lora {text} is no strength. Write PATH@0.8, for example.") from cause


def _digest(digest_of: str, digest: str | None) -> str:
    return f"{digest_of} {digest[:12]}" if digest else "its name only"


def _say_trained(made: "TrainedModel") -> None:
    what = f"{made.name} version {made.version}: {some(made.steps, 'step')} on {some(made.works, 'work')}"
    say(sign(Sign.ATTENTION if made.diverged else Sign.CHECKED), f" {what}.")
    if made.diverged:
        say(sign(Sign.ATTENTION), " ", made.diverged)
    if made.withheld:
        reasons = ", ".join(f"{rule} {count(number)}" for rule, number in made.withheld.items())
        say(f"  Kept out of training: {reasons}.")
    facts([("model", made.uid[:12]), ("training", made.training[:12]), ("weights", made.digest)])
    _say_metrics(made.metrics)


def _say_added(added: "AddedModel") -> None:
    known = "is registered already" if not added.new else "registered"
    say(sign(Sign.CHECKED), f" {added.name} version {added.version} {known}.")
    facts([("id", added.uid[:12]), ("digest", added.digest)])
    for note in added.notes:
        say(sign(Sign.CLAIMED), " ", note)
    prompt = ' --prompt "..."' if added.engine == "diffusers" else ""
    next_steps(f"prov generate {added.name}{prompt}", f"prov model show {added.name}")


def _say_model(detail: "ModelDetail") -> None:
    it = detail.model
    say(f"{it.name} version {it.version}, {it.engine}")
    rows = [
        ("id", it.uid),
        (it.digest_of, it.digest or NOT_RECORDED.lower()),
        ("size", NOT_RECORDED.lower() if it.size is None else f"{count(it.size)} bytes"),
        ("licence", f"{it.licence} (claimed)" if it.licence else NOT_RECORDED.lower()),
        ("runs", count(it.runs)),
    ]
    rows += [(past.role.replace("_", " "), f"{past.label} ({past.truth})") for past in detail.past]
    rows += [("seen at", path) for path in detail.locations[:3]]
    facts(rows)
    if detail.training is not None:
        _say_training(detail.training)
    if detail.claims:
        say(sign(Sign.CLAIMED), f" What its files say of themselves ({Truth.CLAIMED.word.lower()}):")
        facts([(name, _short(value)) for name, value in detail.claims.items()])


def _say_training(training: Mapping[str, Any]) -> None:
    say("")
    if "outcome" not in training:
        say(sign(Sign.OPEN), " Its training has not ended.")
        return
    hours = training["seconds"] / 3600
    took = f"{hours:.1f} hours" if hours >= 1 else f"{training['seconds'] / 60:.1f} minutes"
    say(f"Training {training['uid'][:12]}: {some(training['steps'], 'step')} in {took}, {training['outcome']}.")
    if training["message"]:
        say(sign(Sign.ATTENTION), " ", training["message"])
    facts([(past["role"].replace("_", " "), f"{past['label']} ({past['truth']})") for past in training["learnt_from"]])
    _say_metrics(training["metrics"])


def _say_metrics(metrics: Mapping[str, Any]) -> None:
    """Show each figure beside the floor: what one half of the works reaches against the other."""
    figures = [(name, metrics[name]) for name in _FIGURES if metrics.get(name) is not None]
    if figures:
        rows = [(name, _FIGURES[name], f"{it['value']:.3f}", f"{it['floor']:.3f}") for name, it in figures]
        say(f"  measured on {some(metrics['samples'], 'sample')} beside {some(metrics['works'], 'work')}:")
        table("measure", "", ">model", ">works themselves", rows=rows, indent=4, give=1)
    nearest = metrics.get("nearest")
    if nearest and nearest["works_p95"] is not None:
        say(
            f"  {count(nearest['above'])} of {some(metrics['samples'], 'sample')} are more like a work than 95 % of "
            "the works are like each other."
        )
    for sentence in metrics.get("cannot_tell", ()):
        say(sign(Sign.OPEN), " ", sentence)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:197]}..."
