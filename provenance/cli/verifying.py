"""`prov verify`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.text import Text

from provenance.cli.console import emit, facts, next_steps, plain, say, sign, talk
from provenance.cli.options import AsJson
from provenance.cli.session import opened_if_there
from provenance.errors import ProvenanceError, UsageError
from provenance.words import NOT_RECORDED, Sign, signature_sign, three_answers

if TYPE_CHECKING:
    from provenance.archive.verify import Known, Verification
    from provenance.sign.contained import Contained
    from provenance.sign.reading import Reading

_RELATIONS = {"parentOf": "made from", "componentOf": "holds", "inputTo": "made with"}
"""C2PA's names for what a picture has to do with another, in words for people."""


_ANSWERS = {"file": Sign.CLAIMED, "pixels": Sign.CLAIMED, "not_listed": Sign.CLAIMED, "unsaid": Sign.OPEN}
"""A list is its signer's word, whatever we checked of it."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(verify)


def verify(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Any files, from anywhere.")],
    contains: Annotated[
        Path | None,
        typer.Option(metavar="WORK", help="A picture: did the model learn from it, by the file's own list?"),
    ] = None,
    sidecar: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The manifest that was signed for these weights.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what files say of themselves, and whether it holds.

    And whether this archive knows them: by file, by pixels, or only by likeness.

    Exits with 0 if all are intact, 1 if one is not, or if --contains finds the work in no list of one.

    Example: prov verify poster.jpg
    """
    from provenance.archive.verify import verify as check

    if sidecar is not None:
        _verify_weights(context, files, sidecar, contains=contains, as_json=as_json)
    files = _without_records(files)
    worst, documents = 0, []
    with opened_if_there(context) as archive:
        for path in files:
            result: Verification | ProvenanceError
            try:
                result = check(archive, path, contains_work=contains)
            except ProvenanceError as error:
                if len(files) == 1 and not as_json:
                    raise
                result = error
            worst = max(worst, result.exit_code)
            documents.append(_document(path, result))
            if not as_json:
                _say(path, result, alone=len(files) == 1)
    if as_json:
        emit({"files": documents})
    raise typer.Exit(worst)


def _without_records(files: list[Path]) -> list[Path]:
    """Pass over the records that exports have beside them: `exports/*` names both."""
    named = set(files)
    kept = [path for path in files if not (path.suffix == ".json" and path.with_suffix("") in named)]
    if len(kept) < len(files):
        say(f"{len(files) - len(kept)} records that lie beside their pictures passed over.", console=talk)
    return kept


def _document(path: Path, result: "Verification | ProvenanceError") -> dict[str, Any]:
    from provenance.export.record import signature_record

    if isinstance(result, ProvenanceError):
        return {"file": str(path), "exit_code": result.exit_code, "error": str(result)}
    return {
        "file": str(path),
        "exit_code": result.exit_code,
        "text": result.heading,
        "signature": signature_record(result.signature),
        "known": plain(result.known),
        "gaps": list(result.gaps),
        "picture_problem": result.picture_problem,
        "content_credentials": plain(result.reading) if result.reading.present else None,
        "contains": [_contained(each) for each in result.contained],
    }


def _contained(each: "Contained") -> dict[str, Any]:
    """Write one answer on a work; the list itself stays out: it may be long, and is in the file."""
    bundle = each.bundle
    return {
        "answer": each.answer.value,
        "text": each.heading,
        "sentence": each.sentence,
        "basis": each.basis,
        "dataset": bundle.name if bundle else None,
        "merkle_root": bundle.merkle_root if bundle else None,
        "signer": bundle.signer if bundle else None,
        "record": plain(each.record),
    }


def _verify_weights(
    context: typer.Context, files: list[Path], sidecar: Path, *, contains: Path | None, as_json: bool
) -> NoReturn:
    """Hold weights against the manifest that lies beside them."""
    from provenance.archive.model_verifying import verify_model
    from provenance.export.record import signature_record

    if len(files) != 1 or contains is not None:
        raise UsageError(
            "--sidecar goes with the weights of one model, and with nothing else. Name one file or folder."
        )
    with opened_if_there(context) as archive:
        result = verify_model(archive, files[0], sidecar)
    if as_json:
        document = {"file": str(files[0]), "exit_code": result.exit_code, "text": result.heading}
        emit(document | {"sentence": result.sentence, "signature": signature_record(result.signature)})
        raise typer.Exit(result.exit_code)
    say(sign(signature_sign(result.signature)), " ", Text(result.heading, style="bold"))
    say(f"  {result.sentence}")
    told = ("name", "version", "engine", "licence", "digest", "training")
    rows: list[tuple[str, str | Text]] = [(name, str(result.record[name])) for name in told if result.record.get(name)]
    facts(rows + (_ingredients(result.reading) if result.record else []))
    raise typer.Exit(result.exit_code)


def _say(path: Path, result: "Verification | ProvenanceError", *, alone: bool) -> None:
    if isinstance(result, ProvenanceError):
        say(sign(Sign.WRONG), " ", str(result), console=talk)
    elif alone:
        _say_whole(result)
    else:
        say(sign(signature_sign(result.signature)), f" {path}: ", result.heading)
        for each in result.contained:
            say(sign(_ANSWERS[each.answer.value]), " ", each.heading, indent=2)


def _say_whole(result: "Verification") -> None:
    say(sign(signature_sign(result.signature)), " ", Text(result.heading, style="bold"))
    for answer in three_answers(result.signature):
        say(f"  {answer.question} ", Text(answer.short, style="bold"))
        say(answer.sentence, indent=4)
    for problem in result.gaps:
        say(sign(Sign.ATTENTION), " ", problem)
    if result.picture_problem and not result.reading.present:
        say(sign(Sign.ATTENTION), " ", result.picture_problem)
    known = result.known
    rows = _content(result)
    if known is not None:
        rows.append(("in this archive", f"{known.kind} {known.uid[:12]}, {known.label}"))
    facts(rows)
    for each in result.contained:
        _say_contained(each)
    if known is not None:
        _say_next(known)


def _say_contained(each: "Contained") -> None:
    say("")
    say(sign(_ANSWERS[each.answer.value]), " ", Text(each.heading, style="bold"))
    say(each.sentence, indent=4)
    if each.basis is not None:
        say(each.basis, indent=4)


def _say_next(known: "Known") -> None:
    if known.kind == "artwork":
        next_steps(f"prov show {known.uid[:12]}", f"prov lineage {known.uid[:12]}")
    elif known.kind == "work":
        next_steps(f"prov impact {known.uid[:12]}")
    else:
        next_steps(f"prov lineage {known.uid[:12]}")


def _content(result: "Verification") -> list[tuple[str, str | Text]]:
    """Tell what the record says of the picture, where it holds."""
    from provenance.sign.claim import HELD_BACK
    from provenance.words import Making, making_of

    reading = result.reading
    if not reading.present or reading.intact is not True:
        return []
    rows: list[tuple[str, str | Text]] = []
    types = reading.digital_source_types
    told = (reading.record or {}).get("making")
    if told in set(Making):
        rows.append(("says of itself", Making(told).sentence))
    elif types:
        edited = any(action.digital_source_type == "humanEdits" for action in reading.actions)
        rows.append(("says of itself", making_of(types[0], by_person=edited and types[0] != "humanEdits").sentence))
    if HELD_BACK in (reading.record or {}):
        rows.append(("held back", "This is an archive's own record: it was to be decided on before it leaves."))
    return rows + _ingredients(reading) + _bias(reading)


def _bias(reading: "Reading") -> list[tuple[str, str | Text]]:
    """Tell what came with the file on the bias of its model: the word of whoever signed."""
    from provenance.audit.bias_travel import sentences

    told = sentences(reading.bias) if reading.bias else ()
    return [("bias, claimed" if place == 0 else "", sentence) for place, sentence in enumerate(told)]


def _ingredients(reading: "Reading") -> list[tuple[str, str | Text]]:
    return [
        (_RELATIONS.get(item.relationship or "", "made with"), item.title or NOT_RECORDED)
        for item in reading.ingredients
    ]
