"""`prov search`: records by words and facts, or the pictures that are nearest to any picture."""

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from provenance.cli.console import emit, next_steps, say, sign, some, table
from provenance.cli.options import AsJson, whole
from provenance.cli.session import opened
from provenance.errors import UsageError
from provenance.words import Sign, count, day

if TYPE_CHECKING:
    from provenance.archive.find_alike import Alike, AlikeAnswer
    from provenance.archive.find_records import Record, RecordPage

_SHOWN = 12
"""Digits of an id that are shown."""


class Found(StrEnum):
    """What can be found."""

    ARTWORK = "artwork"
    WORK = "work"
    MODEL = "model"
    DATASET = "dataset"


Words = Annotated[
    list[str] | None, typer.Argument(metavar="[TEXT]...", help="Words that all have to stand somewhere in a record.")
]
Image = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A picture: find the works and artworks that are nearest to it.")
]
Kinds = Annotated[
    list[Found] | None,
    typer.Option("--kind", metavar="KIND", help="artwork, work, model or dataset; several times for several."),
]
Before = Annotated[str | None, typer.Option(metavar="ID", help="Go on behind this record.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(search)


def search(
    context: typer.Context,
    words: Words = None,
    image: Image = None,
    kind: Kinds = None,
    creator: Annotated[str | None, typer.Option(metavar="NAME", help="Made by; a part of the name will do.")] = None,
    licence: Annotated[str | None, typer.Option(metavar="SPDX", help="With this licence; or none.")] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="Made by this model: NAME or NAME@2.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Recorded on that day or later: 2026-11-04.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Recorded on that day or before.")] = None,
    number: Annotated[int, typer.Option("-n", "--count", metavar="N", parser=whole, help="How many at most.")] = 20,
    before: Before = None,
    as_json: AsJson = False,
) -> None:
    """Find records by words, or the pictures nearest to a picture.

    Example: prov search harbour --kind work --creator "Ada Lind"
    """
    text = " ".join(words or [])
    facts = {"--creator": creator, "--licence": licence, "--model": model, "--since": since, "--until": until}
    if image is not None:
        given = [name for name, value in {"TEXT": text, "--before": before, **facts}.items() if value]
        if given:
            raise UsageError(f"--image compares pictures; it goes with --kind and --count, not with {given[0]}.")
        _search_picture(context, image, kind, number, as_json=as_json)
        return
    _search_words(context, text, facts, kind, number, before, as_json=as_json)


def _search_words(
    context: typer.Context,
    text: str,
    facts: dict[str, str | None],
    kinds: list[Found] | None,
    number: int,
    before: str | None,
    *,
    as_json: bool,
) -> None:
    from provenance.archive.find_records import KINDS, RecordQuery, find_records
    from provenance.schema import Kind

    query = RecordQuery(
        words=text,
        kinds=tuple(Kind(each.value) for each in kinds) if kinds else KINDS,
        creator=facts["--creator"],
        licence=facts["--licence"],
        model=facts["--model"],
        since=_moment(facts["--since"], "--since"),
        until=_moment(facts["--until"], "--until", whole_day=True),
    )
    with opened(context) as archive:
        page = find_records(archive, query, count=number, before=before)
    if as_json:
        emit(page)
        return
    chosen = [("--kind", each.value) for each in kinds or []]
    _say_page(page, shlex.join(["prov", "search", *text.split(), *_given([*chosen, *facts.items()])]))


def _given(options: Sequence[tuple[str, str | None]]) -> list[str]:
    return [part for name, value in options if value for part in (name, value)]


def _say_page(page: "RecordPage", command: str) -> None:
    if not page.records:
        say("Nothing in this archive fits.")
        next_steps("prov list", "prov dataset list")
        return
    rows = [(record.uid[:_SHOWN], record.kind, _named(record), day(record.recorded_at)) for record in page.records]
    table("id", "kind", "what", "recorded", rows=rows, give=2)
    say(f"{some(len(rows), 'record')}{', and there are more' if page.next else ''}.")
    first = page.records[0]
    onward = [f"{command} --before {page.next[:_SHOWN]}"] if page.next else []
    next_steps(_look_at(first.kind, first.uid), *onward)


def _named(record: "Record") -> str:
    """Name a record; a work's label has its creator already."""
    return (
        f"{record.label}, by {record.creator or 'somebody not recorded'}" if record.kind == "artwork" else record.label
    )


def _look_at(kind: str, uid: str) -> str:
    """Name the command that shows what was found."""
    return f"prov {'show' if kind == 'artwork' else 'impact'} {uid[:_SHOWN]}"


def _search_picture(
    context: typer.Context, image: Path, kinds: list[Found] | None, number: int, *, as_json: bool
) -> None:
    from provenance.archive.find_alike import KINDS, find_alike
    from provenance.picture import Picture
    from provenance.schema import Kind

    with opened(context) as archive:
        picture = Picture.open(image, limit=archive.settings.pixels)
        chosen = tuple(Kind(each.value) for each in kinds) if kinds else KINDS
        answer = find_alike(archive, picture, kinds=chosen, count=number)
    if as_json:
        emit(answer)
        return
    _say_alike(answer, image.name)


def _say_alike(answer: "AlikeAnswer", name: str) -> None:
    if not answer.alike:
        say("There is no picture in this archive to compare with.")
        next_steps("prov dataset add NAME FOLDER")
        return
    flagged = [each for each in answer.alike if each.flagged]
    if flagged:
        verb = "looks like one picture" if len(flagged) == 1 else f"looks like {count(len(flagged))} pictures"
        say(sign(Sign.ATTENTION), f" {name} {verb} of this archive.")
    elif all(answer.compared.get(kind, 0) >= there for kind, there in answer.of.items()):
        say(sign(Sign.CHECKED), f" No picture of this archive was found in {name}. The nearest are below.")
    else:
        say(sign(Sign.OPEN), f" No picture of this archive was found in {name}, as far as it was compared.")
    rows = [(each.uid[:_SHOWN], *_numbers(each), f"{each.kind}: {each.label}") for each in answer.alike]
    table("id", "what can be said", ">score", ">bits", "picture", rows=rows)
    say(f"Score: how surely a copy, {answer.line:.1f} or more is flagged. Bits: those of {answer.method} that differ.")
    for kind, there in answer.of.items():
        _say_hole(kind, answer.compared.get(kind, 0), there)
    first = answer.alike[0]
    next_steps(_look_at(first.kind, first.uid))


def _numbers(each: "Alike") -> tuple[Text | str, str, str]:
    said = each.relation or "only the nearest"
    shown = sign(Sign.ATTENTION).append(f" {said}") if each.flagged else said
    score = "" if each.score is None else f"{each.score:.1f}"
    return shown, score or "not compared", f"{each.distance} of {each.bits}" if each.distance is not None else "far"


def _say_hole(kind: str, compared: int, of: int) -> None:
    if compared < of:
        left = some(of - compared, kind)
        verb = "was" if of - compared == 1 else "were"
        say(
            sign(Sign.ATTENTION),
            f" {left} {verb} compared by fingerprints only, which miss parts of pictures. `prov audit --all` helps.",
        )


def _moment(text: str | None, option: str, *, whole_day: bool = False) -> datetime | None:
    """Read a day or a time, in UTC unless it says otherwise; `whole_day` takes the end of a day. Raises UsageError."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        is_day = len(text.strip()) <= len("2026-11-04")
        return moment + timedelta(days=1) if whole_day and is_day else moment
    except (ValueError, OverflowError) as cause:
        shown = text if len(text) <= 40 else f"{text[:37]}..."
        raise UsageError(
            f"{option} takes a day such as 2026-11-04, or a time such as 2026-11-04T14:10, not {shown!r}."
        ) from cause
