"""`prov audit decide`: what a person decided about a finding."""

from typing import TYPE_CHECKING, Annotated

import typer

from provenance.cli.console import emit, next_steps, say, sign
from provenance.cli.options import ArtworkId, AsJson, name_text, note_text
from provenance.cli.session import opened
from provenance.errors import UsageError
from provenance.words import PersonDecision, Sign

if TYPE_CHECKING:
    from provenance.archive.judgements import Judgement


def register(group: typer.Typer) -> None:
    """Add the command to `prov audit`."""
    group.command("decide")(decide)


def decide(
    context: typer.Context,
    artwork: ArtworkId,
    other: Annotated[
        str | None,
        typer.Argument(metavar="OTHER", help="The work or artwork that it was found to look like.", show_default=False),
    ] = None,
    accept: Annotated[bool, typer.Option("--accept", help="The finding is right.")] = False,
    dispute: Annotated[bool, typer.Option("--dispute", help="Somebody says that it is wrong; not settled.")] = False,
    dismiss: Annotated[bool, typer.Option("--dismiss", help="It is none; it is not raised again for the two.")] = False,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why; it stays on record.")] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="WHO", help="Who decided.")] = None,
    check: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose finding; needed where there is no other picture.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Record what a person decided about a finding, signed and remembered for the two pictures.

    Example: prov audit decide 3f9a1c2b77de 91c04b7d2e55 --dismiss --reason 'both show the same street' --by 'Ada Lind'
    """
    from provenance.archive.judgements import decide as record

    decision = _decision(accept=accept, dispute=dispute, dismiss=dismiss)
    who, why = name_text(by, "--by") or "", note_text(reason, "--reason") or ""
    with opened(context) as archive:
        judged = record(archive, artwork, other, decision, reason=why, by=who, check=check)
    if as_json:
        emit(judged)
    else:
        _say(judged)


def _decision(*, accept: bool, dispute: bool, dismiss: bool) -> PersonDecision:
    chosen = [
        decision
        for decision, given in (
            (PersonDecision.ACCEPTED, accept),
            (PersonDecision.DISPUTED, dispute),
            (PersonDecision.DISMISSED, dismiss),
        )
        if given
    ]
    if len(chosen) != 1:
        raise UsageError("Say what was decided by exactly one of --accept, --dispute and --dismiss.")
    return chosen[0]


def _say(judged: "Judgement") -> None:
    say(sign(Sign.CHECKED), f" Recorded and signed: {judged.text}")
    say("  ", judged.finding)
    say("  ", f"Decided by {judged.by} (claimed): {judged.reason}")
    next_steps(f"prov show {judged.artwork[:12]}", f"prov export {judged.artwork[:12]}")
