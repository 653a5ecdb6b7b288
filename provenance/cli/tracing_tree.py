"""A lineage as a tree for the terminal: each step with its level of truth, and many alike as one line.

A thing stands in full where the shortest way comes by; elsewhere it is one line without what lies behind it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from provenance.cli.console import sign, some, visible
from provenance.words import Sign, Truth, count

if TYPE_CHECKING:
    from provenance.archive.lineage import Lineage, Relative, Step

FAN = 6
"""Things of one kind and role below another that get a line each; more become one line with the first of them."""

_FIRST = 5
"""How many of a fan are shown."""

_DEEPEST = 16
"""Steps from the top that are drawn: a history of a thousand edits is no tree."""

_LICENCES = 3
"""How many licences of a fan are named."""

_ROLES = {
    "palette": ("colours of", "gave colours to"),
    "input": ("was given", "was given to"),
    "content": ("shapes of", "gave shapes to"),
    "style": ("style of", "gave its style to"),
    "like": ("guided by", "guided"),
    "trained_on": ("trained on", "trained"),
    "derived_from": ("derived from", "became"),
    "selected_from": ("selected from", "gave"),
    "member": ("", "in"),
    "parent": ("edited from", "edited into"),
    "export_of": ("of", "exported as"),
    "by": ("by", "made"),
    "creator": ("by", "created"),
}
"""What stands before the end of a step, on the way up and down; what is not here says its role by its kind."""

_PLURALS = {"contributor": ("person", "people")}
_ORDER = ("contributor", "export", "work", "artwork", "run", "model", "training", "selection", "dataset")


def kinds(number: int, kind: str) -> str:
    """Count things of a kind: `1 person`, `172 works`."""
    return some(number, *_PLURALS.get(kind, (kind,)))


class LineageTree:
    """Draws one lineage."""

    def __init__(self, found: "Lineage") -> None:
        """Order the steps of `found` by where they lead from."""
        self._found = found
        self.bracketed = False
        """Whether a whole way was known less well than its last step, so that the drawing says both."""
        self._named = {each.uid: each for each in (found.subject, *found.earlier, *found.relatives)}
        self._below: dict[str, list[Step]] = {}
        self._via: dict[str, str] = {}
        for step in found.steps:
            here, there = self._ends(step)
            self._below.setdefault(here, []).append(step)
            if there != found.subject.uid and not self._only_ends(step):
                self._via.setdefault(there, here)

    def draw(self) -> Tree:
        """Draw it, the subject at the top."""
        tree = Tree(_line(_label(self._found.subject)))
        self._grow(tree, [self._found.subject.uid])
        for each in self._found.earlier:
            if each.uid not in self._via:
                branch = tree.add(_line(Text("of an earlier page: ", style="dim"), _label(each)))
                self._grow(branch, [each.uid])
        return tree

    def _grow(self, tree: Tree, heres: Sequence[str]) -> None:
        """Draw what the steps from `heres` lead to, below them."""
        if self._depth(heres[0]) >= _DEEPEST:
            self._stop(tree, heres)
            return
        groups: dict[tuple[str, str], list[Step]] = {}
        for here in heres:
            for step in self._below.get(here, ()):
                kind = self._named[self._ends(step)[1]].kind
                groups.setdefault((kind, step.role), []).append(step)
        for (kind, _), steps in sorted(groups.items(), key=lambda group: _ORDER.index(group[0][0])):
            theres: dict[str, list[Step]] = {}
            for step in steps:
                theres.setdefault(self._ends(step)[1], []).append(step)
            if len(theres) > FAN:
                self._fan(tree, kind, theres, heres)
            else:
                self._few(tree, theres, heres)

    def _depth(self, uid: str) -> int:
        return self._named[uid].depth - min((each.depth for each in self._found.earlier), default=0)

    def _stop(self, tree: Tree, heres: Sequence[str]) -> None:
        if any(here in self._below for here in heres):
            command = "lineage" if self._found.upwards else "impact"
            tree.add(_line(Text(f"and more behind it: prov {command} {heres[0][:12]}", style="dim")))

    def _few(self, tree: Tree, theres: "Mapping[str, Sequence[Step]]", heres: Sequence[str]) -> None:
        for there, steps in theres.items():
            branch = tree.add(self._single(there, steps, self._role(steps[0])))
            if self._via.get(there) in heres and not all(map(self._only_ends, steps)):
                self._grow(branch, [there])

    def _fan(self, tree: Tree, kind: str, theres: "Mapping[str, Sequence[Step]]", heres: Sequence[str]) -> None:
        number = f"at least {kinds(len(theres), kind)}" if self._cut(theres) else kinds(len(theres), kind)
        relatives = [self._named[there] for there in theres]
        steps = [step for each in theres.values() for step in each]
        rest = "; ".join([number, *self._about(relatives), f"first {_FIRST} shown"])
        branch = tree.add(_line(*self._signs(relatives, steps), self._role(steps[0]), rest))
        for there in list(theres)[:_FIRST]:
            branch.add(self._single(there, theres[there], Text()))
        if onward := [there for there in theres if self._via.get(there) in heres]:
            self._grow(branch, onward)

    def _single(self, there: str, steps: "Sequence[Step]", role: Text) -> Text:
        relative = self._named[there]
        times = Text(f"  {count(len(steps))} times" if len(steps) > 1 else "", style="dim")
        return _line(*self._signs([relative], steps), role, _label(relative), times)

    def _role(self, step: "Step") -> Text:
        words = _ROLES.get(step.role, ("", ""))[0 if self._found.upwards else 1]
        return Text(f"{words} " if words else "", style="dim")

    def _signs(self, relatives: "Sequence[Relative]", steps: "Sequence[Step]") -> tuple[Text, ...]:
        """Give the sign of these steps, and in brackets that of the whole ways to their ends if it is another."""
        step = Truth.lowest(*(Truth(each.truth) for each in steps))
        way = Truth.lowest(*(Truth(each.truth) for each in relatives if each.truth), Truth.REPRODUCED)
        if way >= step:
            return (sign(Sign.of_truth(step)).append(" "),)
        self.bracketed = True
        return (sign(Sign.of_truth(step)), Text(" ("), sign(Sign.of_truth(way)), Text(") "))

    def _about(self, relatives: "Sequence[Relative]") -> list[str]:
        """Tell of a fan of works who made them and under which licences."""
        if relatives[0].kind != "work":
            return []
        makers = {step.parent for each in relatives for step in self._below.get(each.uid, ()) if step.role == "creator"}
        people = [some(len(makers), "creator")] if makers else []
        licences = Counter(each.licence or "not recorded" for each in relatives)
        named = [f"{name} ({count(number)})" if len(licences) > 1 else name for name, number in licences.most_common()]
        more = [f"{len(named) - _LICENCES} more"] if len(named) > _LICENCES else []
        word = "licence" if len(licences) == 1 else "licences"
        return [*people, f"{word}: {', '.join(visible(name) for name in [*named[:_LICENCES], *more])}"]

    def _cut(self, theres: "Iterable[str]") -> bool:
        """Tell whether there may be more of them on the next page."""
        found = self._found
        deepest = max(self._named[there].depth for there in theres)
        return not found.complete and deepest >= found.relatives[-1].depth

    def _ends(self, step: "Step") -> tuple[str, str]:
        return (step.child, step.parent) if self._found.upwards else (step.parent, step.child)

    def _only_ends(self, step: "Step") -> bool:
        return self._found.upwards and step.role == "selected_from"


def _label(relative: "Relative") -> Text:
    return Text.assemble((relative.uid[:12], "bold"), f" {kinds(1, relative.kind)[2:]} {visible(relative.label)}")


def _line(*parts: str | Text) -> Text:
    line = Text(no_wrap=True, overflow="ellipsis")
    for part in parts:
        line.append(part) if isinstance(part, str) else line.append_text(part)
    return line
