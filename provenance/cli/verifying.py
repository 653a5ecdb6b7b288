"""`prov verify`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from provenance.cli.console import emit, next_steps, out, plain, say, sign, talk
from provenance.cli.options import AsJson
from provenance.cli.session import opened_if_there
from provenance.errors import ProvenanceError
from provenance.words import Sign, signature_sign, three_answers

if TYPE_CHECKING:
    from provenance.archive.verify import Verification


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(verify)


def verify(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Any files, from anywhere.")],
    as_json: AsJson = False,
) -> None:
    """Say what files say of themselves, and whether it holds.

    And whether this archive knows them: by file, by pixels, or only by likeness.

    Exits with 0 if all are intact, 1 if one is not. Example: prov verify poster.jpg
    """
    from provenance.archive.verify import verify as check

    worst, documents = 0, []
    with opened_if_there(context) as archive:
        for path in files:
            try:
                result = check(archive, path)
            except ProvenanceError as error:
                worst = max(worst, error.exit_code)
                documents.append({"file": str(path), "error": str(error)})
                if not as_json:
                    say(sign(Sign.WRONG), f" {path.name}: ", str(error), console=talk)
                continue
            worst = max(worst, result.exit_code)
            documents.append(_document(result))
            if not as_json and len(files) == 1:
                _say_whole(result)
            elif not as_json:
                say(sign(signature_sign(result.signature)), f" {path}: ", result.heading)
    if as_json:
        emit({"files": documents})
    raise typer.Exit(worst)


def _document(result: "Verification") -> dict[str, Any]:
    from provenance.export.record import signature_record

    return {
        "file": str(result.path),
        "exit_code": result.exit_code,
        "signature": signature_record(result.signature),
        "known": plain(result.known),
        "gaps": list(result.gaps),
        "picture_problem": result.picture_problem,
        "content_credentials": plain(result.reading) if result.reading.present else None,
    }


def _say_whole(result: "Verification") -> None:
    say(sign(signature_sign(result.signature)), " ", Text(result.heading, style="bold"))
    for answer in three_answers(result.signature):
        say(f"  {answer.question} ", Text(answer.short, style="bold"))
        out.print(Padding(Text(answer.sentence), (0, 0, 0, 4)))
    for problem in result.gaps:
        say(sign(Sign.ATTENTION), " ", problem)
    if result.picture_problem and not result.reading.present:
        say(sign(Sign.ATTENTION), " ", result.picture_problem)
    _say_content(result)
    if result.known is not None:
        known = result.known
        say("  In this archive: ", f"{known.kind} {known.uid[:12]}, {known.label}")
        if known.kind == "artwork":
            next_steps(f"prov show {known.uid[:12]}", f"prov lineage {known.uid[:12]}")


def _say_content(result: "Verification") -> None:
    from provenance.words import making_of

    reading = result.reading
    if not reading.present or reading.intact is not True:
        return
    types = reading.digital_source_types
    if types:
        edited = any(action.digital_source_type == "humanEdits" for action in reading.actions)
        say("  It says of itself: ", making_of(types[0], by_person=edited and types[0] != "humanEdits").sentence)
    behind = [f"{item.title or 'not recorded'} ({item.relationship})" for item in reading.ingredients]
    if behind:
        say("  Made from: ", ", ".join(behind))
