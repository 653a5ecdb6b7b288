"""`prov list`, `prov show`, `prov lineage`, `prov impact`: finding and reading."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text
from rich.tree import Tree

from provenance.cli.console import emit, facts, next_steps, out, say, sign, some, table, talk
from provenance.cli.files import say_file, stored_file
from provenance.cli.findings import say_findings
from provenance.cli.options import ArtworkId, AsJson, whole
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
    number: Annotated[int, typer.Option("-n", "--count", metavar="N", parser=whole, help="How many at most.")] = 20,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="Only what this model made.")] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Only what this person made.")] = None,
    before: Annotated[str | None, typer.Option(metavar="ARTWORK", help="Go on after this artwork.")] = None,
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
        next_steps("prov list" if total else "prov generate")
        return
    shown = [
        (
            *(row.uid[:12], row.label, f"{row.width} x {row.height}", row.by or NOT_RECORDED),
            sign(Sign.ATTENTION).append(f" {row.findings}") if row.findings else "none",
        )
        for row in rows
    ]
    table("artwork", "what", ">size", "by", "findings", rows=shown, give=1)
    say(f"{count(len(rows))} of {some(total, 'artwork')}.")
    last = rows[-1].uid[:12]
    next_steps(
        f"prov show {rows[0].uid[:12]}", *([f"prov list --before {last}"] if len(rows) == number < total else [])
    )


def show(
    context: typer.Context,
    artwork: ArtworkId,
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
        file = stored_file(archive, detail.file_digest)
    if as_json:
        emit({"artwork": detail, "making": made, "text": made.sentence, "file": file})
        return
    say(Text(detail.title or detail.label, style="bold"))
    say("  ", made.sentence)
    _say_facts(detail)
    say_findings([detail])
    _say_nearest(detail)
    if file is None:
        say(sign(Sign.WRONG), " Its file is missing from the archive: `prov db check` says more.")
    say_file(file)
    commands = ("lineage", "reproduce", "export") if _can_be_made_again(detail) else ("lineage", "export")
    next_steps(*(f"prov {command} {detail.uid[:12]}" for command in commands))


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


def _can_be_made_again(detail: "Detail") -> bool:
    return detail.run is not None and detail.run["model"]["engine"] != "external" and detail.seed is not None


def _say_facts(detail: "Detail") -> None:
    from provenance.archive.edit import action_word
    from provenance.archive.identity import common_name

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
        rows += _chosen(detail)
    if detail.edit is not None:
        share = detail.edit["changed_share"]
        rows += [
            ("made from", detail.edit["parent"][:12]),
            ("actions", f"{', '.join(map(action_word, detail.edit['actions']))} (claimed)"),
            ("tool", f"{detail.edit['tool']} (claimed)" if detail.edit["tool"] else NOT_RECORDED),
            ("note", detail.edit["note"] or NOT_RECORDED),
            ("changed", CANNOT_BE_SAID if share is None else f"{part_changed(share)}"),
        ]
    if detail.edited_into:
        rows.append(("edited into", ", ".join(uid[:12] for uid in detail.edited_into)))
    if detail.manifest is not None:
        name = common_name(detail.manifest["signer"])
        rows.append(("signed", f"by {name} ({detail.manifest['identity_kind']} identity)"))
    last = detail.reproductions[-1] if detail.reproductions else None
    if _can_be_made_again(detail):
        rows.append(("made again", reproduction_heading(Verdict(last["verdict"])) if last else NOT_TRIED_YET))
    rows.append(("exports", ", ".join(e["name"] for e in detail.exports) or "none"))
    facts(rows)


def _chosen(detail: "Detail") -> list[tuple[str, str]]:
    """Write what led to the picture, the style and the palette first, without what stands elsewhere."""
    chosen = dict(detail.parameters)
    chosen.pop("seed", None)
    colours, named = chosen.pop("palette", None), chosen.pop("palette_name", None)
    first = [("style", str(chosen.pop("style")))] if "style" in chosen else []
    if colours is not None:
        first.append(("palette", " ".join(filter(None, [named, _short(colours)]))))
    return [*first, *((name.replace("_", " "), _short(value)) for name, value in chosen.items())]


def _short(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items()) or "none"
    return str(value)


def _say_nearest(detail: "Detail") -> None:
    if not detail.matches:
        return
    say("  nearest, by the bits of their fingerprints that differ")
    rows = [
        (
            match.uid[:12],
            f"{match.kind}: {match.label}",
            f"{match.distance} of {match.bits} ({match.method})" + (", near" if match.flagged else ""),
        )
        for match in detail.matches
    ]
    table("", "", "", rows=rows, indent=4, give=1)


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
