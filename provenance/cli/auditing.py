"""`prov audit`: the checks."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from provenance.cli import audit_policy, deciding
from provenance.cli.audited import document, grave, say_outcome
from provenance.cli.console import calling, emit, next_steps, say, sign, some
from provenance.cli.options import AsJson
from provenance.cli.progress import counted
from provenance.cli.session import opened
from provenance.errors import CancelledError
from provenance.words import Severity, Sign, count, percent
from provenance.words import rate as share

if TYPE_CHECKING:
    from provenance.archive.archive import Archive
    from provenance.archive.audit import AuditOutcome

_SHOWN = 24
"""Artworks whose findings are said one by one."""

_PHASES = {
    "works": ("Looking at works", "works"),
    "artworks": ("Looking at artworks", "artworks"),
    "own works": ("Looking at works by your own network", "works"),
    "own artworks": ("Looking at artworks by your own network", "artworks"),
    "checks": ("Checking artworks", "artworks"),
}

_ONE = "artworks"


class AuditGroup(TyperGroup):
    """A group whose first command is meant where none is named: `prov audit 3f2a` audits the artwork 3f2a."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  (typer keeps its type to itself)
        """Put the command's name before what can only be its arguments."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [_ONE, *args]
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        cls=AuditGroup,
        help="Check artworks: is it a copy, and of what; what was found stays on record.\n\nExample: prov audit --all",
        no_args_is_help=True,
    )
    group.command(_ONE)(artworks)
    group.command("model")(of_model)
    group.command("calibrate")(calibrate)
    deciding.register(group)
    audit_policy.register(group)
    app.add_typer(group, name="audit")


def artworks(
    context: typer.Context,
    typed: Annotated[
        list[str] | None, typer.Argument(metavar="[ARTWORK]...", help="Artworks, by the beginnings of their ids.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All artworks of the archive.")] = False,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="All artworks of a model.")] = None,
    dataset: Annotated[
        str | None,
        typer.Option(metavar="DATASET", help="Compare with the works of this dataset alone: NAME, or NAME@VERSION."),
    ] = None,
    check: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this check. As often as you like.")
    ] = None,
    commercial: Annotated[
        bool | None,
        typer.Option(
            "--commercial/--non-commercial",
            help="What the artworks are for, which licences ask; else as the setting credit.purpose says.",
            show_default=False,
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with pictures, regions and figures: FILE.html.")
    ] = None,
    credit: Annotated[
        Path | None,
        typer.Option("--credits", metavar="FILE", help="Write whom the licences behind the artworks ask to be named."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Audit anew what was audited in the same way before.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put every check to artworks; this is what `prov audit` does where no other command is named.

    An artwork is audited again when a check, its line or the works have changed. What was found among the works of
    one dataset is shown beside what was found among all. Exit code 1 where something was found that somebody should
    look at.

    Example: prov audit artworks --all --report audit.html
    """
    from provenance.archive.audit_report import check_target
    from provenance.archive.detail import show
    from provenance.archive.standing import given_only

    for target in filter(None, (report, credit)):
        check_target(target)
    with opened(context) as archive:
        which = {"everything": everything, "model": model, "dataset": dataset, "checks": check or []}
        which |= {"commercial": commercial, "again": again}
        outcome = _audited(archive, typed or [], which)
        about = None if outcome.dataset is None else outcome.dataset.uid
        found = [each.uid for each in outcome.artworks if each.findings][:_SHOWN]
        details = [show(archive, uid, dataset=about) for uid in found]
        given = given_only(archive)
        _write(archive, outcome, report, credit, command=_command(typed or [], which))
    if as_json:
        emit(document(outcome, details))
    else:
        say_outcome(outcome, details, given=given)
        for name, path in (("Report", report), ("Credits", credit)):
            if path is not None:
                say(f"{name}: {path}")
    if grave(outcome) or outcome.left_out:
        raise typer.Exit(1)


def of_model(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model, by name or by the beginning of its id.")],
    check: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this check: bias, memorisation.")
    ] = None,
    samples: Annotated[int, typer.Option(metavar="N", min=1, help="Artworks that are looked at, at most.")] = 256,
    as_json: AsJson = False,
) -> None:
    """Ask of a model as a whole what it repeats of its works, and whom it shows more or less often than they do.

    Exit code 1 where something was found that somebody should look at.

    Example: prov audit model smileys
    """
    from provenance.archive.model_audit import audit_model

    with opened(context) as archive:
        bars = _Bars()
        try:
            uid, found = audit_model(archive, model, checks=tuple(check or ()), samples=samples, progress=bars)
        except KeyboardInterrupt as cause:
            raise CancelledError("Stopped. Nothing was recorded of this audit.") from cause
        finally:
            bars.close()
    if as_json:
        emit({"model": uid, "findings": found})
    else:
        say(f"Model {model} ({uid[:12]}):")
        for each in found:
            say(sign(Sign.of_severity(each.severity)), f" {each.check}: ", each.sentence)
    if any(each.severity is not Severity.NOTE for each in found):
        raise typer.Exit(1)


def calibrate(
    context: typer.Context,
    rate: Annotated[
        float, typer.Option(metavar="SHARE", help="False flags a picture that are wanted; 0.001 is one in 1,000.")
    ] = 0.001,
    pictures: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Pictures to try; else as many as the rate needs.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Of what happens to them.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Measure on this archive's own works from which score on a picture is flagged, and keep that line.

    Works are changed in small ways and held against the works of other people only: what is found then is a false
    flag. Where there are too few works the shipped line stays.

    Example: prov audit calibrate --rate 0.01
    """
    from provenance.archive.calibrate import calibrate as measure

    with opened(context) as archive:
        bars = _Bars()
        try:
            found = measure(archive, wanted=rate, pictures=pictures, seed=seed, progress=bars)
        except KeyboardInterrupt as cause:
            raise CancelledError("Stopped. Nothing was changed: the line is what it was.") from cause
        finally:
            bars.close()
    if as_json:
        emit(found)
        return
    low, high = found.interval
    false_flags = share(found=found.false_flags, of=found.pictures, low=low, high=high)
    if found.kept:
        say(sign(Sign.CHECKED), f" From now on a score of {found.threshold:.2f} or more is flagged.")
    else:
        say(
            sign(Sign.ATTENTION),
            f" Too few to tell: a rate of {percent(rate)} needs {count(found.needed)} pictures, and "
            f"{count(found.pictures)} were tried. The line stays at {found.threshold:.2f}, where it was.",
        )
    say(f"Flagged wrongly: {false_flags}; pictures by {some(found.creators, 'creator')} were tried.")
    say(f"Found with it: {count(found.found)} of {count(found.copies)} works that were changed in small ways.")
    if found.relations:
        say(
            f"{some(found.relations, 'pair')} of works by different people look like versions of each other and were "
            "left out."
        )
    next_steps("prov audit --all" if found.kept else f"prov audit calibrate --rate {min(0.2, rate * 10):g}")


def _audited(archive: "Archive", typed: list[str], which: dict[str, Any]) -> "AuditOutcome":
    from provenance.archive.audit import audit

    bars = _Bars()
    try:
        return audit(archive, typed, **which, progress=bars)
    except KeyboardInterrupt as cause:
        message = "Stopped. The audits that were finished are on record; make the same call again to go on."
        raise CancelledError(message) from cause
    finally:
        bars.close()


def _write(
    archive: "Archive", outcome: "AuditOutcome", report: Path | None, credit: Path | None, *, command: str
) -> None:
    from provenance.archive.audit_report import write_report

    if report is not None:
        write_report(archive, outcome, report, command=command)
    if credit is not None:
        _write_credits(archive, [each.uid for each in outcome.artworks], credit)


def _write_credits(archive: "Archive", uids: list[str], target: Path) -> None:
    from provenance.archive.licence_check import attribution_lines

    # One after the other, so that a million works never lie in memory at once; whole or not at all.
    part = target.with_name(f".{target.name}.part")
    with part.open("w", encoding="utf-8") as file:
        for uid in uids:
            file.write(f"{uid[:12]}\n")
            file.writelines(f"  {line}\n" for line in attribution_lines(archive, uid))
    part.replace(target)


def _command(typed: list[str], which: dict[str, Any]) -> str:
    """Write the call down that makes the report again."""
    if typed:
        chosen = [each[:12] for each in typed]
    else:
        chosen = ["--all"] if which["model"] is None else ["--model", which["model"]]
    told = [] if which["dataset"] is None else ["--dataset", which["dataset"]]
    told += [word for name in which["checks"] for word in ("--check", name)]
    if which["commercial"] is not None:
        told.append("--commercial" if which["commercial"] else "--non-commercial")
    return shlex.join([*shlex.split(calling.get()), "audit", *chosen, *told, "--report", "FILE.html"])


class _Bars:
    """One bar after the other, a phase each."""

    def __init__(self) -> None:
        self._phase = ""
        self._bar: Any = None
        self._progress: Any = None

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Show how far a phase has come."""
        if phase != self._phase:
            self.close()
            self._phase = phase
            self._bar = counted(*_PHASES[phase])
            self._progress = self._bar.__enter__()
        self._progress(done, total)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
