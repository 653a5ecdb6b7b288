"""`prov list`, `prov show`, `prov lineage`, `prov impact`: finding and reading."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from provenance.cli.console import emit, next_steps, out, say, sign
from provenance.cli.findings import say_findings
from provenance.cli.options import AsJson
from provenance.cli.session import opened
from provenance.words import (
    CANNOT_BE_SAID,
    NOT_RECORDED,
    NOT_TRIED_YET,
    Sign,
    Truth,
    Verdict,
    count,
    minute,
    part_changed,
    reproduction_heading,
)

if TYPE_CHECKING:
    from provenance.archive.lineage import Lineage, Relative
    from provenance.archive.search import Detail
    from provenance.digest import Digest

_MANY = 6
"""Relatives of one kind under one parent that a tree names; more become a count."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list")(listed)
    app.command()(show)
    app.command()(lineage)
    app.command()(impact)


def listed(
    context: typer.Context,
    number: Annotated[int, typer.Option("-n", "--count", help="How many at most.")] = 20,
    model: Annotated[str | None, typer.Option(help="Only what this model made.")] = None,
    by: Annotated[str | None, typer.Option(help="Only what this person made.")] = None,
    before: Annotated[str | None, typer.Option(help="Go on after this artwork.")] = None,
    as_json: AsJson = False,
) -> None:
    """List artworks, the newest first.

    Example: prov list --by "Ada Lind"
    """
    from provenance.archive.search import artwork_count, artworks

    with opened(context) as archive:
        rows = artworks(archive, count=number, model=model, by=by, before=before)
        total = artwork_count(archive)
    if as_json:
        emit({"artworks": rows, "total": total})
        return
    if not rows:
        say("There is no such artwork." if total else "There is no artwork yet.")
        next_steps("prov generate")
        return
    table = Table("artwork", "what", "size", "by", "findings", box=None, padding=(0, 2), pad_edge=False)
    for row in rows:
        findings = str(row.findings) if row.findings else ""
        size = f"{row.width} x {row.height}"
        table.add_row(row.uid[:12], Text(row.label), size, Text(row.by or NOT_RECORDED), findings)
    out.print(table)
    say(f"{count(len(rows))} of {count(total)} artworks.")
    next_steps(
        f"prov show {rows[0].uid[:12]}", *([f"prov list --before {rows[-1].uid[:12]}"] if len(rows) < total else [])
    )


def show(
    context: typer.Context,
    artwork: Annotated[str, typer.Argument(help="The artwork, by the beginning of its id.")],
    as_json: AsJson = False,
) -> None:
    """Show everything about an artwork.

    Example: prov show 3f9a1c2b77de
    """
    from provenance.archive.dossier import making
    from provenance.archive.search import show as read

    with opened(context) as archive:
        detail = read(archive, artwork)
        made = making(archive, detail)
        file = archive.store.path(_digest(detail.file_digest))
    if as_json:
        emit({"artwork": detail, "making": made, "text": made.sentence, "file": file})
        return
    say(Text(detail.title or detail.label, style="bold"))
    say("  ", made.sentence)
    _say_facts(detail)
    say_findings([detail])
    _say_nearest(detail)
    say(f"  {'file':<12}{file}")
    next_steps(f"prov lineage {detail.uid[:12]}", f"prov reproduce {detail.uid[:12]}", f"prov export {detail.uid[:12]}")


def lineage(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(help="An artwork, or anything else, by the beginning of its id.")],
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
    out.print(_tree(found, upwards=True))
    _say_bounds(found)
    if not found.relatives:
        say("Nothing is recorded that it comes from.")


def impact(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(help="A work, model, run, artwork or person, by the beginning of its id.")],
    as_json: AsJson = False,
) -> None:
    """Show everything that has a work, model or person in its lineage.

    Example: prov impact 77de3f9a1c2b
    """
    from provenance.archive.lineage import impact as walk

    with opened(context) as archive:
        found = walk(archive, subject)
    if as_json:
        emit(found)
        return
    counts = _counts(found)
    head = ", ".join(f"{count(n)} {kind if n == 1 else kind + 's'}" for kind, n in counts.items())
    say(f"{found.subject.kind} {found.subject.uid[:12]} touches {head or 'nothing'}.")
    out.print(_tree(found, upwards=False))
    _say_bounds(found)


def _digest(text: str) -> "Digest":
    from provenance.digest import Digest

    return Digest(text)


def _say_facts(detail: "Detail") -> None:
    rows: list[tuple[str, str]] = [
        ("id", detail.uid),
        ("made", f"{minute(detail.made_at)}, by this computer's clock"),
        ("by", f"{detail.by} (claimed)" if detail.by else NOT_RECORDED),
        ("size", f"{detail.width} x {detail.height}"),
    ]
    if detail.run is not None:
        model = detail.run["model"]
        rows += [
            ("model", f"{model['name']} {model['version']} ({model['distribution']})"),
            ("run", f"{detail.run['uid'][:12]}, {detail.run['outcome']}"),
            ("seed", detail.seed or NOT_RECORDED),
        ]
        rows += [(name, _short(value)) for name, value in _chosen(detail)]
    if detail.edit is not None:
        share = detail.edit["changed_share"]
        rows += [
            ("made from", detail.edit["parent"][:12]),
            ("actions", f"{', '.join(detail.edit['actions'])} (claimed)"),
            ("tool", f"{detail.edit['tool']} (claimed)" if detail.edit["tool"] else NOT_RECORDED),
            ("note", detail.edit["note"] or NOT_RECORDED),
            ("changed", CANNOT_BE_SAID if share is None else f"{part_changed(share)}"),
        ]
    if detail.edited_into:
        rows.append(("edited into", ", ".join(uid[:12] for uid in detail.edited_into)))
    if detail.manifest is not None:
        rows.append(("signed", f"by {detail.manifest['signer']} ({detail.manifest['identity_kind']} identity)"))
    last = detail.reproductions[-1] if detail.reproductions else None
    rows.append(("made again", reproduction_heading(Verdict(last["verdict"])) if last else NOT_TRIED_YET))
    rows.append(("exports", ", ".join(e["name"] for e in detail.exports) or "none"))
    table = Table.grid(padding=(0, 1))
    for name, value in rows:
        table.add_row(f"  {name:<11}", Text(value, overflow="fold"))
    out.print(table)


def _chosen(detail: "Detail") -> list[tuple[str, object]]:
    return [(name, value) for name, value in detail.parameters.items() if name != "seed"]


def _short(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items()) or "none"
    return str(value)


def _say_nearest(detail: "Detail") -> None:
    if not detail.matches:
        return
    say("  nearest")
    table = Table("", "", "by", "bits that differ", "", box=None, padding=(0, 2), show_header=False, pad_edge=False)
    for match in detail.matches:
        mark = "near" if match.flagged else ""
        what = Text(f"{match.kind}: {match.label}", overflow="ellipsis", no_wrap=True)
        table.add_row(f"    {match.uid[:12]}", what, match.method, f"{match.distance} of {match.bits}", mark)
    out.print(table)


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
