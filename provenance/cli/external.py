"""`prov run`, `prov import`: pictures from any program, while it makes them or afterwards."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provenance.cli.console import emit, next_steps, say, sign, some, table, talk
from provenance.cli.findings import say_findings, say_held_back
from provenance.cli.options import AsJson, name_text
from provenance.cli.progress import counted
from provenance.cli.session import opened
from provenance.errors import CancelledError, UsageError
from provenance.words import Sign

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from provenance.archive import Archive
    from provenance.archive.bring import Brought
    from provenance.archive.command import Done
    from provenance.archive.known import Already
    from provenance.collect.item import Refusal

_SHOWN = 12
"""Things of one kind that are listed; `--json` has all."""

_STDERR = 2

Changed = Annotated[
    bool, typer.Option("--allow-changed", help="Take in Content Credentials that do not hold, with that on record.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    # What follows the program belongs to it, options too.
    app.command("run", context_settings={"allow_interspersed_args": False})(run)
    app.command("import")(bring)


def run(
    context: typer.Context,
    command: Annotated[list[str], typer.Argument(metavar="COMMAND...", help="The program and its arguments.")],
    watch: Annotated[
        Path, typer.Option(metavar="DIR", help="Where it writes its pictures, with all folders below.")
    ] = Path(),
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="What you call the model; else the program's name.")
    ] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who makes it: recorded as claimed.")] = None,
    title: Annotated[str | None, typer.Option(metavar="TITLE", help="A title for the artworks.")] = None,
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", help="Stop it after so long.")] = None,
    source_type: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="How it makes them, by IPTC: algorithmicMedia for a formula; else trained."),
    ] = None,
    allow_changed: Changed = False,
    as_json: AsJson = False,
) -> None:
    """Run a program, and record the pictures that it writes.

    What the files say of themselves is recorded as claimed; the files stay as they are. The program's arguments
    are recorded too, so leave secrets out of them. Exits with the program's own code, 124 after a time-out,
    1 if it ended well but left no picture.

    Example: prov run --watch outputs --model sdxl -- python generate.py --prompt boats
    """
    from provenance.archive.command import Job, run_command
    from provenance.archive.process import program_path

    job = Job(
        command=command,
        watch=watch,
        model=name_text(model, "--model"),
        by=name_text(by, "--by"),
        title=name_text(title, "--title"),
        timeout=timeout,
        allow_changed=allow_changed,
        source_type=source_type,
    )
    program_path(command)  # before an archive is made for nothing
    with opened(context, create=True) as archive:
        # One JSON document is all that may be on stdout then.
        done = run_command(archive, job, stdout=_STDERR if as_json else None)
        if as_json:
            _emit_done(archive, done)
        else:
            _say_done(archive, done)
    if done.stopped:
        raise CancelledError("Stopped. What was whole is kept: `prov list` shows it.")
    raise typer.Exit(done.code)


def bring(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="FILE|DIR...", help="Pictures, or folders of them.")],
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who made or brought them: claimed.")] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="The model that made them, by a name of yours: claimed.")
    ] = None,
    title: Annotated[str | None, typer.Option(metavar="TITLE", help="A title for the artworks.")] = None,
    allow_changed: Changed = False,
    as_json: AsJson = False,
) -> None:
    """Take pictures from elsewhere into the archive.

    Each becomes an artwork; what it says of itself is recorded as claimed, and its Content Credentials come along.
    Exits with 1 if a file was refused; the others are in.

    Example: prov import ComfyUI/output --model sdxl --by "Ada Lind"
    """
    from provenance.archive.bring import Terms
    from provenance.archive.bring import bring as take

    terms = Terms(
        by=name_text(by, "--by"),
        model=name_text(model, "--model"),
        title=name_text(title, "--title"),
        allow_changed=allow_changed,
    )
    for path in paths:  # before an archive is made for nothing
        if not path.exists():
            raise UsageError(f"There is no file or folder {path}. Check the name.")
    with opened(context, create=True) as archive:
        try:
            with counted("import", "files") as progress:
                brought = take(archive, paths, terms, progress=progress)
        except KeyboardInterrupt as cause:
            raise CancelledError("Stopped. What was taken in is kept; make the same call again to go on.") from cause
        if as_json:
            emit(_document(archive, brought))
        else:
            _say_brought(archive, brought)
    raise typer.Exit(1 if brought.refused else 0)


def _emit_done(archive: "Archive", done: "Done") -> None:
    from provenance.archive.detail import show

    emit(
        {
            "run": done.run,
            "exit_code": done.code,
            "text": done.ending,
            "artworks": [show(archive, uid) for uid in done.artworks],
            "already": done.already,
            "refused": done.refused,
            "notes": done.notes,
        }
    )


def _say_done(archive: "Archive", done: "Done") -> None:
    from provenance.archive.detail import show
    from provenance.archive.standing import given_only

    artworks = [show(archive, uid) for uid in done.artworks]
    if artworks:
        say(
            sign(Sign.CHECKED), f" {some(len(artworks), 'artwork')} recorded, checked and signed (run {done.run[:12]})."
        )
        _say_table([(each.uid, each.imported or {}) for each in artworks])
    say(sign(Sign.CHECKED if done.code == 0 else Sign.ATTENTION), " ", done.ending, console=talk)
    _say_rest(done.already, done.refused, done.notes)
    if artworks:
        say_findings(artworks, given=given_only(archive))
        say_held_back(archive, done.artworks)
        next_steps(f"prov show {artworks[0].uid[:12]}", f"prov export {artworks[0].uid[:12]}")


def _document(archive: "Archive", brought: "Brought") -> dict[str, Any]:
    from provenance.archive.detail import show

    return {
        "run": brought.run,
        "artworks": [show(archive, each.uid) for each in brought.artworks],
        "already": brought.already,
        "refused": brought.refused,
        "skipped": brought.skipped,
    }


def _say_brought(archive: "Archive", brought: "Brought") -> None:
    from provenance.archive.detail import show

    if brought.artworks:
        what = some(len(brought.artworks), "artwork")
        say(sign(Sign.CHECKED), f" {what} brought in, checked and signed. What they say of themselves is claimed.")
        shown = [show(archive, each.uid) for each in brought.artworks[:_SHOWN]]
        _say_table([(each.uid, each.imported or {}) for each in shown])
        _say_more(len(brought.artworks), "artwork")
    elif not brought.already and not brought.refused:
        say(sign(Sign.OPEN), " There is no picture there: no file with the name of one.")
    notes = [f"{each.name}: {note}" for each in brought.artworks for note in each.notes]
    _say_rest(brought.already, brought.refused, notes)
    if brought.skipped:
        say(f"  {some(brought.skipped, 'other file')} passed over: no picture by its name.")
    if brought.artworks:
        found = sum(each.findings for each in brought.artworks)
        if found:
            say(sign(Sign.ATTENTION), f" {some(found, 'finding')}: prov list shows where.")
        say_held_back(archive, [each.uid for each in brought.artworks[:_SHOWN]])
        first = brought.artworks[0].uid[:12]
        next_steps(f"prov show {first}", f"prov lineage {first}", "prov list")


def _say_table(artworks: "list[tuple[str, Any]]") -> None:
    rows = [
        (uid[:12], brought.get("name", ""), brought.get("program") or "", _credentials(brought.get("manifest_state")))
        for uid, brought in artworks[:_SHOWN]
    ]
    table("", "", "", "", rows=rows, indent=2, give=1)


def _credentials(state: str | None) -> str:
    return "" if state is None else "with Content Credentials"


def _say_rest(already: "Sequence[Already]", refused: "Sequence[Refusal]", notes: "Sequence[str]") -> None:
    for known in already[:_SHOWN]:
        say(sign(Sign.CHECKED), " ", known.sentence)
    _say_more(len(already), "file that is here already", "files that are here already")
    for refusal in refused[:_SHOWN]:
        say(sign(Sign.WRONG), " ", refusal.sentence)
    _say_more(len(refused), "refused file")
    for note in notes[:_SHOWN]:
        say(sign(Sign.CLAIMED), " ", note)
    _say_more(len(notes), "remark")


def _say_more(number: int, one: str, many: str | None = None) -> None:
    left = number - _SHOWN
    if left > 0:
        what = some(left, one) if many is None or left == 1 else f"{left:,} {many}"
        say(f"  and {what} more; --json lists all.")


def imported_rows(imported: "Mapping[str, Any]") -> list[tuple[str, str]]:
    """Write the facts of an artwork that came as a file: what it says of itself, each marked as claimed."""
    claims = imported["claims"]
    rows = [("came as", imported["name"])]
    told = ("program", "prompt", "negative_prompt", "seed", "steps", "sampler", "guidance", "model")
    rows += [(f"its {name.replace('_', ' ')}", f"{claims[name]} (claimed)") for name in told if claims.get(name)]
    if claims.get("loras"):
        rows.append(("its adapters", f"{', '.join(claims['loras'])} (claimed)"))
    if imported["manifest_state"] is not None:
        problems = " ".join(claims.get("manifest_problems", ()))
        rows.append(("came with", f"Content Credentials{', which did not hold: ' + problems if problems else ''}"))
    rows += [("remark", note) for note in claims.get("notes", ())]
    return rows
