"""`prov dataset`: training works."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provenance.cli import rights
from provenance.cli.console import emit, facts, next_steps, say, sign, some, table
from provenance.cli.croissant import export_dataset
from provenance.cli.options import AsJson, name_text, whole
from provenance.cli.progress import counted
from provenance.cli.session import opened
from provenance.errors import CancelledError, EngineError, NotFoundError
from provenance.words import NOT_RECORDED, Sign, count

if TYPE_CHECKING:
    from provenance.archive.archive import Archive
    from provenance.archive.datasets import Added

_SHOWN = 12
"""Works that `show` lists."""

_NOTED = 6
"""Remarks that `add` repeats."""


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Training works: add, list, show and check datasets, end consent.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(listed)
    group.command("show")(show)
    group.command("export")(export_dataset)
    rights.register(group)
    app.add_typer(group, name="dataset")


def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What you call the dataset.")],
    path: Annotated[
        Path,
        typer.Argument(metavar="PATH", help="A folder of pictures, one picture, or a Croissant description (.json)."),
    ],
    metadata: Annotated[
        Path | None, typer.Option(metavar="CSV", help="A table, a row for each file: docs/datasets.md.")
    ] = None,
    licence: Annotated[
        str | None, typer.Option(metavar="SPDX", help="For works without one, for example CC-BY-4.0.")
    ] = None,
    creator: Annotated[str | None, typer.Option(metavar="NAME", help="For works without one.")] = None,
    source: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Where they come from, if they do not say.")
    ] = None,
    workers: Annotated[int, typer.Option(metavar="N", min=0, help="Threads that read; 0 takes one for each core.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Read works into an immutable version of a dataset.

    The files stay where they are.

    Example: prov dataset add openmoji art/openmoji --metadata art/works.csv
    """
    from provenance.archive.collect import Defaults, add_dataset, check_request

    defaults = Defaults(licence=licence, creator=name_text(creator, "--creator"), source=name_text(source, "--source"))
    check_request(name, path, defaults)  # before an archive is made for nothing
    with opened(context, create=True) as archive, counted(name, "works") as progress:
        try:
            added = add_dataset(
                archive, name, path, metadata=metadata, defaults=defaults, workers=workers, progress=progress
            )
        except KeyboardInterrupt as cause:
            raise CancelledError("Stopped. What was read is kept; make the same call again to go on.") from cause
        unseen = _look(archive)
    if as_json:
        emit(added)
    else:
        _say_added(added)
        if unseen:
            say(sign(Sign.ATTENTION), f" {some(len(unseen), 'work')} could not be looked at closely. {unseen[0]}")


def _look(archive: "Archive") -> list[str]:
    """Compute what the check for copies compares works by, while their files are here. Gives sentences on failures."""
    from provenance.archive.features import fill
    from provenance.archive.learnt_features import fill_own, own_embedder
    from provenance.schema import Kind

    with counted("Looking at works", "works") as progress:
        try:
            problems = dict(fill(archive, (Kind.WORK,), progress=progress).problems)
            own = own_embedder(archive.settings)
            if own is not None:
                problems |= fill_own(archive, own, (Kind.WORK,), progress=progress).problems
            return list(problems.values())
        except (EngineError, NotFoundError) as cause:
            return [str(cause)]
        except KeyboardInterrupt as cause:
            message = "Stopped. The version is recorded; `prov audit` looks at the other works when it needs them."
            raise CancelledError(message) from cause


def listed(
    context: typer.Context,
    as_json: AsJson = False,
) -> None:
    """List the datasets and their versions.

    Example: prov dataset list
    """
    from provenance.archive.datasets import versions

    with opened(context) as archive:
        found = versions(archive)
    if as_json:
        emit({"datasets": found})
        return
    if not found:
        say("There is no dataset yet.")
        next_steps("prov dataset add NAME FOLDER")
        return
    rows = [
        (each.name, str(each.number), count(each.works), each.uid[:12], f"{each.added_at:%Y-%m-%d %H:%M}")
        for each in found
    ]
    table("dataset", ">version", ">works", "id", "added (UTC)", rows=rows, give=0)
    next_steps(f"prov dataset show {found[-1].name}")


def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The dataset.")],
    version: Annotated[
        int | None, typer.Option(metavar="N", parser=whole, help="Which version; else the latest.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a version: works, creators, licences, what was left out.

    Example: prov dataset show openmoji
    """
    from provenance.archive.datasets import show_dataset

    with opened(context) as archive:
        detail = show_dataset(archive, name, number=version)
    if as_json:
        emit(detail)
        return
    it = detail.version
    say(f"{it.name} version {it.number}: {some(it.works, 'work')} by {some(detail.creator_count, 'creator')}")
    rows = [
        ("id", it.uid),
        ("Merkle root", it.merkle_root),
        ("licences", f"{_tally(detail.licences)} (claimed)"),
        ("consent", f"{_tally(detail.consent)} (claimed)"),
        ("learning", rights.rights_line(detail.decisions, detail.rules)),
        ("creators", _tally(dict(list(detail.creators.items())[:5])) + (", ..." if detail.creator_count > 5 else "")),
    ]
    facts(rows)
    rights.say_rules(detail.rules)
    say("")
    _say_works(detail.works, it.works)
    _say_left_out([(skipped["reason"], skipped["sentence"]) for skipped in detail.skipped], it.name)
    next_steps(f"prov impact {detail.works[0]['uid'][:12]}", f"prov generate --palette-from {it.name}")


def _say_works(works: Sequence[Mapping[str, Any]], total: int) -> None:
    rows = [
        (work["uid"][:12], work["title"] or work["name"], work["creator"] or unsaid, work["licence"] or unsaid)
        for work in works[:_SHOWN]
        for unsaid in [NOT_RECORDED.lower()]
    ]
    table("work", "title", "creator", "licence", rows=rows, give=1)
    if total > len(rows):
        say(f"  and {some(total - len(rows), 'more work')}.")


def _tally(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count(number)}" for name, number in counts.items())


def _say_added(added: "Added") -> None:
    if added.made:
        what = f"{some(added.works, 'work')}, {count(added.new)} of them new"
        say(sign(Sign.CHECKED), f" {added.name} version {added.number}: {what}.")
    else:
        what = f"version {added.number} of {added.name} has all {some(added.works, 'work')}"
        say(sign(Sign.CHECKED), f" Nothing new: {what}.")
    learning = ("learning", rights.rights_line(added.decisions, added.rules))
    facts([("id", added.uid[:12]), ("Merkle root", added.merkle_root), learning])
    rights.say_rules(added.rules)
    _say_left_out([(refusal.reason, refusal.sentence) for refusal in added.refusals], added.name)
    _say_notes([note.sentence for _, note in added.notes])
    if added.skipped:
        say(f"  {some(added.skipped, 'other file')} passed over: no picture by its name.")
    steps = [f"prov dataset show {added.name}", f"prov generate --palette-from {added.name}"]
    next_steps(*([f"prov dataset check {added.name}"] if added.rules else []), *steps)


def _say_left_out(refusals: Sequence[tuple[str, str]], name: str) -> None:
    """Count what was left out, reason by reason, with an example of each."""
    reasons: dict[str, list[str]] = {}
    for reason, sentence in refusals:
        reasons.setdefault(reason, []).append(sentence)
    for reason, sentences in reasons.items():
        say(sign(Sign.ATTENTION), f" {some(len(sentences), 'file')} left out ({reason}), for example:")
        say(sentences[0], indent=4)
    if len(refusals) > len(reasons):
        say(f"  All of them: prov dataset show {name} --json")


def _say_notes(sentences: Sequence[str]) -> None:
    for sentence in sentences[:_NOTED]:
        say(sign(Sign.CLAIMED), " ", sentence)
    if len(sentences) > _NOTED:
        say(f"  and {some(len(sentences) - _NOTED, 'more remark')}.")
