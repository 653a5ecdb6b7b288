"""`prov lineage`, `prov impact`: what something comes from, and what it went into."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text
from rich.tree import Tree

from provenance.cli.console import emit, next_steps, out, say, sign, some, talk
from provenance.cli.options import AsJson
from provenance.cli.session import opened
from provenance.words import Sign, Truth, count

if TYPE_CHECKING:
    from provenance.archive.lineage import Lineage, Relative

_MANY = 6
"""Relatives of one kind under one parent that a tree names; more become a count."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(lineage)
    app.command()(impact)


def lineage(
    context: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="ID", help="An artwork, or anything else, by the beginning of its id.")
    ],
    as_json: AsJson = False,
) -> None:
    """Show what something comes from.

    Example: prov lineage 3f9a1c2b77de
    """
    from provenance.archive.lineage import lineage as walk

    with opened(context) as archive:
        found = walk(archive, subject)
    if as_json:
        emit(found)
        return
    if not found.relatives:
        say(sign(Sign.OPEN), f" Nothing is recorded that the {_named(found)} comes from.")
        return
    say(*_summary(found, "comes from"))
    out.print(_tree(found, upwards=True))
    _say_bounds(found)
    _say_signs()
    next_steps(f"prov impact {found.relatives[-1].uid[:12]}")


def impact(
    context: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="ID", help="A work, model, run, artwork or person, by the beginning of its id.")
    ],
    as_json: AsJson = False,
) -> None:
    """Show everything that something went into.

    Example: prov impact 77de3f9a1c2b
    """
    from provenance.archive.lineage import impact as walk

    with opened(context) as archive:
        found = walk(archive, subject)
    if as_json:
        emit(found)
        return
    if not found.relatives:
        say(sign(Sign.CHECKED), f" The {_named(found)} went into nothing that this archive made.")
        return
    say(*_summary(found, "went into"))
    out.print(_tree(found, upwards=False))
    _say_bounds(found)
    _say_signs()
    artwork = next((relative for relative in found.relatives if relative.kind == "artwork"), None)
    if artwork is not None:
        next_steps(f"prov show {artwork.uid[:12]}")


def _summary(found: "Lineage", verb: str) -> list[str | Text]:
    """Write the first line: what there is, and its weakest link."""
    head = ", ".join(some(number, kind) for kind, number in _counts(found).items())
    claimed = sum(step.truth == Truth.CLAIMED.value for step in found.steps)
    weakest = Truth.lowest(*(Truth(step.truth) for step in found.steps))
    rest = f" {some(claimed, 'link')} of {count(len(found.steps))} only claimed." if claimed else ""
    return [sign(Sign.of_truth(weakest)), f" The {_named(found)} {verb} {head}.{rest}"]


def _named(found: "Lineage") -> str:
    return f"{found.subject.kind} {found.subject.uid[:12]}"


def _say_signs() -> None:
    words = [Text.assemble(sign(Sign.of_truth(truth)), f" {truth.value}  ") for truth in (Truth.CLAIMED, Truth.CHECKED)]
    say(*words, console=talk)


def _counts(found: "Lineage") -> dict[str, int]:
    counts: dict[str, int] = {}
    for relative in found.relatives:
        counts[relative.kind] = counts.get(relative.kind, 0) + 1
    return counts


def _tree(found: "Lineage", *, upwards: bool) -> Tree:
    named = {relative.uid: relative for relative in (found.subject, *found.relatives)}
    below: dict[str, list[tuple[str, str, str]]] = {}
    for step in found.steps:
        here, there = (step.child, step.parent) if upwards else (step.parent, step.child)
        below.setdefault(here, []).append((there, step.role, step.truth))
    tree = Tree(_label(found.subject))
    _grow(tree, found.subject.uid, below, named, seen={found.subject.uid})
    return tree


def _grow(
    tree: Tree,
    uid: str,
    below: dict[str, list[tuple[str, str, str]]],
    named: "dict[str, Relative]",
    *,
    seen: set[str],
) -> None:
    groups: dict[str, list[tuple[str, str, str]]] = {}
    for step in below.get(uid, []):
        groups.setdefault(named[step[0]].kind, []).append(step)
    for kind, steps in groups.items():
        for there, role, truth in steps[:_MANY]:
            branch = tree.add(Text.assemble(sign(Sign.of_truth(Truth(truth))), " ", _label(named[there]), _role(role)))
            if there not in seen:
                seen.add(there)
                _grow(branch, there, below, named, seen=seen)
        if len(steps) > _MANY:
            tree.add(Text(f"and {count(len(steps) - _MANY)} more of kind {kind}: --json lists all", style="dim"))


def _label(relative: "Relative") -> Text:
    return Text.assemble((relative.uid[:12], "bold"), f" {relative.kind} ", relative.label)


def _role(role: str) -> Text:
    return Text(f"  [{role.replace('_', ' ')}]", style="dim")


def _say_bounds(found: "Lineage") -> None:
    if not found.complete:
        say(sign(Sign.ATTENTION), f" There is more than {count(len(found.relatives))}: these are the nearest.")
