"""`prov lineage`, `prov impact`: what something comes from, and what it went into. One command in two directions."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from provenance.cli.console import emit, next_steps, out, plain, say, sign, some, talk
from provenance.cli.options import AsJson, whole
from provenance.cli.session import opened
from provenance.cli.tracing_file import refuse_existing, write_new
from provenance.cli.tracing_tree import LineageTree, kinds
from provenance.errors import UsageError
from provenance.words import Sign, Truth, count

if TYPE_CHECKING:
    from provenance.archive.lineage import Lineage

PAGE = 2_000
"""Relatives in one answer, unless `--limit` says another number."""


class Format(StrEnum):
    """How an answer is written."""

    TREE = "tree"
    JSON = "json"
    DOT = "dot"
    PROV_JSON = "prov-json"


Subject = Annotated[
    str,
    typer.Argument(metavar="ID|NAME", help="The beginning of an id; or a dataset, a model, NAME@VERSION, a person."),
]
As = Annotated[
    Format,
    typer.Option("--format", metavar="FORMAT", help="tree, json, dot (for Graphviz) or prov-json (W3C)."),
]
Depth = Annotated[int | None, typer.Option(metavar="N", parser=whole, help="At most so many steps away.")]
Limit = Annotated[int, typer.Option(metavar="N", parser=whole, help="At most so many things, the nearest first.")]
After = Annotated[str | None, typer.Option(metavar="ID", help="Go on behind this one, the last of the page before.")]
To = Annotated[Path | None, typer.Option(metavar="FILE", help="Write a new file.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(lineage)
    app.command()(impact)


def lineage(
    context: typer.Context,
    subject: Subject,
    form: As = Format.TREE,
    depth: Depth = None,
    limit: Limit = PAGE,
    after: After = None,
    to: To = None,
    as_json: AsJson = False,
) -> None:
    """Show what something comes from, back to works, creators and licences.

    Example: prov lineage 3f9a1c2b77de --format prov-json --to lineage.json
    """
    from provenance.archive.lineage import lineage as walk

    form = _checked(Format.JSON if as_json else form, to)
    with opened(context) as archive:
        found = walk(archive, subject, limit=limit, after=after, depth=depth)
    _show(found, form, to, depth)


def impact(
    context: typer.Context,
    subject: Subject,
    form: As = Format.TREE,
    depth: Depth = None,
    limit: Limit = PAGE,
    after: After = None,
    to: To = None,
    as_json: AsJson = False,
) -> None:
    """Show everything that something went into: a work, dataset, model, person, artwork.

    Example: prov impact "Ada Lind" --depth 2
    """
    from provenance.archive.lineage import impact as walk

    form = _checked(Format.JSON if as_json else form, to)
    with opened(context) as archive:
        found = walk(archive, subject, limit=limit, after=after, depth=depth)
    _show(found, form, to, depth)


def _checked(form: Format, to: Path | None) -> Format:
    """Raise UsageError where the answer could not be written, before it is looked for."""
    if to is not None and form is Format.TREE:
        raise UsageError(f"A tree is for the terminal. Choose what {to} is to hold: --format json, dot or prov-json.")
    if to is not None:
        refuse_existing(to)
    return form


def _show(found: "Lineage", form: Format, to: Path | None, depth: int | None) -> None:
    if to is not None:
        write_new(to, _TEXTS[form](found))
        say(sign(Sign.CHECKED), f" {_summary(found)} Written to {to}.")
    elif form is Format.TREE:
        _say_tree(found, depth)
    elif form is Format.DOT:
        out.file.write(_TEXTS[form](found))
    else:
        emit(found if form is Format.JSON else _prov(found))


def _json_text(found: "Lineage") -> str:
    from provenance.export.record import record_bytes

    return record_bytes(plain(found)).decode()


def _dot_text(found: "Lineage") -> str:
    from provenance.export.dot import dot

    return dot(found)


def _prov(found: "Lineage") -> object:
    from provenance.export.prov_json import prov_json

    return prov_json(found)


def _prov_text(found: "Lineage") -> str:
    from provenance.export.prov_json import prov_json
    from provenance.export.record import record_bytes

    return record_bytes(prov_json(found)).decode()


_TEXTS: dict[Format, Callable[["Lineage"], str]] = {
    Format.JSON: _json_text,
    Format.DOT: _dot_text,
    Format.PROV_JSON: _prov_text,
}


def _say_tree(found: "Lineage", depth: int | None) -> None:
    if not found.relatives:
        verb = "comes from" if found.upwards else "went into"
        say(sign(Sign.OPEN), f" Nothing is recorded that the {_named(found)} {verb}.")
        return
    weakest = Truth.lowest(*(Truth(step.truth) for step in found.steps))
    within = f" Only {some(depth, 'step')} far." if depth else ""
    say(sign(Sign.of_truth(weakest)), f" {_summary(found)}{within}")
    tree = LineageTree(found)
    out.print(tree.draw())
    _say_circles(found)
    _say_bounds(found)
    _say_signs(found, bracketed=tree.bracketed)
    _say_next(found)


def _summary(found: "Lineage") -> str:
    """Write the first line: what there is, and how much of it is only claimed."""
    verb = "comes from" if found.upwards else "went into"
    parts = [kinds(number, kind) for kind, number in found.counts.items()] + ([] if found.counted else ["more"])
    head = " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]])) or "nothing"
    claimed = sum(step.truth == Truth.CLAIMED.value for step in found.steps)
    links = f"{some(claimed, 'link')} of {count(len(found.steps))}{'' if found.complete else ' shown'}"
    rest = f" {links} only claimed." if claimed else ""
    return f"The {_named(found)} {verb} {head}.{rest}"


def _named(found: "Lineage") -> str:
    return f"{kinds(1, found.subject.kind)[2:]} {found.subject.uid[:12]}"


def _say_circles(found: "Lineage") -> None:
    for group in found.cycles:
        shown = ", ".join(uid[:12] for uid in group[:5]) + (" and others" if len(group) > 5 else "")
        say(
            sign(Sign.ATTENTION),
            f" {some(len(group), 'thing')} in a circle: {shown}. Each is said to come from the others, which cannot be "
            "so; some of these links only repeat what an import claims.",
        )


def _say_bounds(found: "Lineage") -> None:
    if found.complete:
        return
    total = sum(found.counts.values())
    of = count(total) if found.counted else f"more than {count(total)}"
    say(sign(Sign.ATTENTION), f" {count(len(found.relatives))} of {of} shown, the nearest first.")


def _say_signs(found: "Lineage", *, bracketed: bool) -> None:
    there = {Truth.CLAIMED.value, Truth.CHECKED.value, *(step.truth for step in found.steps)}
    levels = [truth for truth in Truth if truth.value in there]
    words = [Text.assemble(sign(Sign.of_truth(truth)), f" {truth.value}  ") for truth in levels]
    say(*words, "(in brackets: the whole way from the top)" if bracketed else "", console=talk)


def _say_next(found: "Lineage") -> None:
    name = "lineage" if found.upwards else "impact"
    onward = [f"prov {name} {found.subject.uid[:12]} --after {found.next[:12]}"] if found.next else []
    first = {each.kind: each for each in reversed(found.relatives)}
    if found.upwards:
        onward.insert(0, f"prov impact {(first.get('work') or found.relatives[-1]).uid[:12]}")
    elif "artwork" in first:
        onward.insert(0, f"prov show {first['artwork'].uid[:12]}")
    next_steps(*onward)
