"""`prov dataset check`, `withdraw`, `policy`: what models may learn from, and consent that ends."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.cli.console import emit, facts, next_steps, out, say, sign, some, table
from provenance.cli.files import near
from provenance.cli.options import AsJson, name_text, note_text, whole
from provenance.cli.session import opened
from provenance.errors import UsageError
from provenance.words import Decision, Sign, count, withdrawn

if TYPE_CHECKING:
    from provenance.archive.check import CheckedVersion, CheckedWork
    from provenance.archive.withdraw import Withdrawn

_SHOWN = 20
"""Works that `check` lists."""

_TOUCHED = 12
"""Things that `withdraw` lists."""


def register(group: typer.Typer) -> None:
    """Add the commands to `prov dataset`."""
    group.command("check")(check)
    group.command("withdraw")(withdraw)
    group.command("policy")(policy)


def check(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The dataset.")],
    version: Annotated[
        int | None, typer.Option(metavar="N", parser=whole, help="Which version; else the latest.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say which works models may learn from, which not, and why.

    Example: prov dataset check openmoji
    """
    from provenance.archive.check import check_dataset

    with opened(context) as archive:
        checked = check_dataset(archive, name, number=version)
    if as_json:
        emit(checked)
    else:
        _say_checked(checked)


def withdraw(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The dataset.")],
    works: Annotated[
        list[str] | None, typer.Argument(metavar="WORK...", help="Works, by the beginning of their ids or their names.")
    ] = None,
    creator: Annotated[str | None, typer.Option(metavar="NAME", help="All works by this creator.")] = None,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why; it stays on record.")] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="WHO", help="Who asks for it, or records it.")] = None,
    as_json: AsJson = False,
) -> None:
    """End the consent for works: no training sees them from now on.

    It lists what learnt from them and what was made of that. Nothing is deleted.

    Example: prov dataset withdraw openmoji --creator 'Ada Lind' --reason 'asked by letter'
    """
    from provenance.archive.withdraw import withdraw as end_consent

    said = note_text(reason, "--reason")
    if not said:
        raise UsageError("A withdrawal needs a reason, which stays on record. Give it by --reason.")
    wanted, who = name_text(creator, "--creator"), name_text(by, "--by")
    with opened(context) as archive:
        ended = end_consent(archive, name, works or (), creator=wanted, reason=said, by=who)
    if as_json:
        emit(ended)
    else:
        _say_withdrawn(ended, name)


def policy(
    context: typer.Context,
    write: Annotated[bool, typer.Option("--write", help="Write it into the archive, to be edited.")] = False,
) -> None:
    """Print the policy that says which works models may learn from.

    Example: prov dataset policy --write
    """
    from provenance.archive.check import policy_text, write_policy

    with opened(context) as archive:
        if write:
            path: Path | None = write_policy(archive)
            text = ""
        else:
            text, path = policy_text(archive)
    if write and path is not None:
        say(sign(Sign.CHECKED), f" Wrote {near(path)}. What it says holds from the next call on.")
        return
    out.print(text.rstrip(), soft_wrap=True)
    if path is None:
        next_steps("prov dataset policy --write")


def rights_line(decisions: Mapping[str, int], rules: Mapping[str, int]) -> str:
    """Say in one line how works were decided, and how many are kept out for whatever reason."""
    kept_out, works = sum(rules.values()), sum(decisions.values())
    if kept_out and decisions.get(Decision.ALLOWED, 0) > works - kept_out:
        return f"models may learn from {count(works - kept_out)} of {count(works)}"
    if decisions.get(Decision.ALLOWED, 0) == sum(decisions.values()):
        return "models may learn from all of them"
    named = (Decision.ALLOWED, Decision.REFUSED, Decision.UNCLEAR)
    return ", ".join(f"{decision.value} {count(decisions[decision])}" for decision in named if decisions.get(decision))


def say_rules(rules: Mapping[str, int]) -> None:
    """Count what is kept out of training, by rule."""
    from provenance.archive.decisions import explain

    if rules:
        rows = [(count(number), explain(rule), rule) for rule, number in rules.items()]
        table(">works", "kept out of training, as", "rule", rows=rows, indent=2, give=1)


def _say_checked(checked: "CheckedVersion") -> None:
    held = sum(checked.rules.values())
    total = len(checked.works)
    head = Sign.CHECKED if not held else Sign.ATTENTION if held < total else Sign.WRONG
    open_to = "all" if not held else "none" if held == total else count(total - held)
    say(
        sign(head),
        f" {checked.name} version {checked.number}: models may learn from {open_to} of {some(total, 'work')}.",
    )
    facts(
        [
            ("decisions", rights_line(checked.decisions, checked.rules)),
            ("policy", f"{checked.policy[:19]}, {checked.policy_file}"),
        ]
    )
    say_rules(checked.rules)
    kept = [work for work in checked.works if not work.allowed]
    if kept:
        say("")
        rows = [(work.uid[:12], work.name, work.rule, _evidence(work)) for work in kept[:_SHOWN]]
        table("work", "file", "rule", "evidence", rows=rows, give=3)
    if len(kept) > _SHOWN:
        say(f"  and {some(len(kept) - _SHOWN, 'more work')}: prov dataset check {checked.name} --json")
    if owed := ", ".join(f"{name} {count(number)}" for name, number in checked.obligations.items()):
        say(f"Licences of works that models may learn from ask for: {owed}.")
    next_steps("prov dataset policy" if kept else f"prov model train gan NAME --dataset {checked.name}")


def _evidence(work: "CheckedWork") -> str:
    """Put the signal that decided into a few words."""
    if work.withdrawn_at is not None:
        return withdrawn(work.withdrawn_at)
    order = ("no", "ai_output", "conditional", None)
    found = sorted((s for s in work.signals if s["says"] in order), key=lambda signal: order.index(signal["says"]))
    if not found:
        return "no licence, no consent, no signal"
    first = found[0]
    where = f" ({first['where']})" if first["where"] else ""
    return f"{first['statement']}: {first['value']}{where}"


def _say_withdrawn(ended: "Withdrawn", name: str) -> None:
    new = [work for work in ended.works if not work.before]
    for work in ended.works:
        if work.before:
            say(sign(Sign.OPEN), f" {work.title or work.name} was withdrawn before. {withdrawn(work.since)}")
    if new:
        say(sign(Sign.CHECKED), f" {some(len(new), 'work')} withdrawn. {withdrawn(new[0].since)}")
    if ended.same_pictures:
        also = some(ended.same_pictures, "other description")
        say(f"  {also} of the same pictures {'is' if ended.same_pictures == 1 else 'are'} kept out of training too.")
    touched = [(kind, number) for kind, number in ended.touched.items() if number]
    if not touched:
        say("  Nothing that this archive records was made from them.")
    else:
        say("Touched: " + ", ".join(some(number, kind) for kind, number in touched) + ".")
        rows = [(node.kind, node.uid[:12], node.label) for node in ended.nodes[:_TOUCHED]]
        table("", "id", "", rows=rows, indent=2, give=2)
    if len(ended.nodes) > _TOUCHED:
        say(f"  and {count(sum(ended.touched.values()) - _TOUCHED)} more: the same call with --json lists them.")
    next_steps(f"prov dataset check {name}")
