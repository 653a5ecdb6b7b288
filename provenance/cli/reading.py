"""`prov list`, `prov show`: finding and reading."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from provenance.cli.console import emit, facts, next_steps, say, sign, some, table
from provenance.cli.external import imported_rows
from provenance.cli.files import say_file, stored_file
from provenance.cli.findings import say_findings
from provenance.cli.judged import say_judgements
from provenance.cli.options import ArtworkId, AsJson, whole
from provenance.cli.session import opened
from provenance.words import (
    CANNOT_BE_SAID,
    NOT_RECORDED,
    NOT_TRIED_YET,
    Making,
    Sign,
    Verdict,
    count,
    minute,
    part_changed,
    reproduction_heading,
)

if TYPE_CHECKING:
    from provenance.archive.detail import Detail


_LONG = 400
"""Characters of a value that are shown; `--json` has them all."""

_UNBROKEN = 80
"""The same for a value without spaces: nobody reads a latent, but a digest is shown whole."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list")(listed)
    app.command()(show)


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
    from provenance.archive.detail import show as read
    from provenance.archive.dossier import making
    from provenance.archive.standing import given_only

    with opened(context) as archive:
        detail = read(archive, artwork)
        given = given_only(archive)
        made = making(archive, detail)
        file = stored_file(archive, detail.file_digest)
    if as_json:
        emit({"artwork": detail, "making": made, "text": made.sentence, "file": file})
        return
    say(Text(detail.title or detail.label, style="bold"))
    claimed = detail.imported is not None and made is not Making.UNKNOWN
    say("  ", f"{made.sentence} (claimed)" if claimed else made.sentence)
    _say_facts(detail)
    say_findings([detail], given=given)
    say_judgements(detail.judgements)
    _say_nearest(detail)
    if file is None:
        say(sign(Sign.WRONG), " Its file is missing from the archive: `prov db check` says more.")
    say_file(file)
    commands = ("lineage", "reproduce", "export") if _can_be_made_again(detail) else ("lineage", "export")
    next_steps(*(f"prov {command} {detail.uid[:12]}" for command in commands))


def _can_be_made_again(detail: "Detail") -> bool:
    return detail.run is not None and detail.run["model"]["engine"] != "external" and detail.seed is not None


def _say_facts(detail: "Detail") -> None:
    from provenance.archive.edit import action_word
    from provenance.archive.identity import common_name

    rows: list[tuple[str, str]] = [
        ("id", detail.uid),
        ("made" if detail.imported is None else "brought in", f"{minute(detail.made_at)}, by this computer's clock"),
        ("by", f"{detail.by} (claimed)" if detail.by else NOT_RECORDED),
        ("size", f"{detail.width} x {detail.height}"),
    ]
    if detail.run is not None:
        model = detail.run["model"]
        rows += [
            ("model", f"{model['name']} {model['version']} ({model['distribution']})"),
            ("run", f"{detail.run['uid'][:12]}, {detail.run['outcome']}"),
            ("seed", detail.seed or (f"of the run: {detail.run['seed']}" if detail.run["seed"] else NOT_RECORDED)),
        ]
        if detail.run["prompt"]:
            rows.append(("prompt", detail.run["prompt"]))
        rows += _chosen(detail)
    if detail.imported is not None:
        rows += imported_rows(detail.imported)
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
    said = ((name, value) for name, value in chosen.items() if value not in (None, [], {}, ""))
    return [*first, *((name.replace("_", " "), _short(value)) for name, value in said)]


def _short(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items()) or "none"
    text = str(value)
    longest = _LONG if " " in text else _UNBROKEN
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _say_nearest(detail: "Detail") -> None:
    if not detail.matches:
        return
    from provenance.fingerprint import deciding

    say("  nearest, by the bits of their fingerprints that differ")
    chosen = deciding({match.method for match in detail.matches})
    rows = [
        (
            match.uid[:12],
            f"{match.kind}: {match.label}",
            f"{match.distance} of {match.bits} ({match.method})" + (", near" if match.flagged else ""),
        )
        for match in detail.matches
        if chosen is None or match.method == chosen.name
    ]
    table("", "", "", rows=rows, indent=4, give=1)
