"""Licences behind one artwork that cannot all be kept to, as far as is known, and those that its purpose breaks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from provenance.audit.licence_held import Purpose, Use
from provenance.audit.licence_terms import NO_DERIVATIVES, NON_COMMERCIAL, Alternative, Terms
from provenance.audit.share_alike import stays_non_commercial

_OWN: Final = "LicenseRef-"
"""Licences of one's own begin so: whether they allow commercial use, nobody here knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One thing that cannot be kept to."""

    kind: str
    """share-alike, no-derivatives, commercial or outgoing."""
    licences: tuple[str, ...]
    """The expressions behind the artwork that it is about."""
    sentence: str
    given: bool
    """Whether pictures that the artwork was made from are enough for it, whatever models learnt from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Licensed:
    """An expression behind the artwork: its terms, and what the things that have it were to the artwork."""

    terms: Terms
    uses: frozenset[Use]


def conflicts(behind: Sequence[Licensed], purpose: Purpose, outgoing: Terms | None) -> list[Conflict]:
    """Find what cannot be kept to among the licences `behind`, for `purpose`, whose licence has the terms `outgoing`.

    Expressions that cannot be read are passed over: what is not known is no conflict.
    """
    read = {each.terms.expression: each for each in behind if each.terms.alternatives}
    found = [*_together(read), *_no_derivatives(read), *_commercial(read, purpose)]
    return found + (list(_outgoing(read, outgoing)) if outgoing is not None and outgoing.alternatives else [])


def can_be_met(several: Sequence[Terms]) -> bool:
    """Tell whether something made of all `several` may have any licence that is known.

    A share-alike licence asks for one of few; where another is non-commercial, one that opens commercial use does
    not do (creativecommons.org/faq, "Can I combine material under different Creative Commons licenses in my work?").
    """
    if all(any(each.adaptations is None for each in terms.alternatives) for terms in several):
        return True
    names = {name for terms in several for each in terms.alternatives for name in each.adaptations or ()}
    return any(all(any(_fits(name, each) for each in terms.alternatives) for terms in several) for name in names)


def _fits(name: str, alternative: Alternative) -> bool:
    if NON_COMMERCIAL in alternative.asks and not stays_non_commercial(name):
        return False
    return alternative.adaptations is None or name in alternative.adaptations


def _together(read: Mapping[str, Licensed]) -> Iterator[Conflict]:
    """Find single expressions, then pairs of them, then all at once, that no known licence meets."""
    bound = [name for name in sorted(read) if all(_is_bound(each) for each in read[name].terms.alternatives)]
    alone = [name for name in bound if not can_be_met([read[name].terms])]
    rest = [name for name in bound if name not in alone]
    pairs = [pair for pair in combinations(rest, 2) if not can_be_met([read[name].terms for name in pair])]
    for name in alone:
        yield _share_alike(read, (name,), f"No licence is known that keeps to all of {name}.")
    for one, other in pairs:
        yield _share_alike(read, (one, other), f"No licence is known that keeps to both {one} and {other}.")
    if not pairs and not can_be_met([read[name].terms for name in rest]):
        yield _share_alike(read, tuple(rest), f"No licence is known that keeps to all of {', '.join(rest)}.")


def _is_bound(alternative: Alternative) -> bool:
    return alternative.adaptations is not None or NON_COMMERCIAL in alternative.asks


def _share_alike(read: Mapping[str, Licensed], names: tuple[str, ...], sentence: str) -> Conflict:
    given = all(Use.GIVEN in read[name].uses for name in names)
    return Conflict(kind="share-alike", licences=names, sentence=sentence, given=given)


def _no_derivatives(read: Mapping[str, Licensed]) -> Iterator[Conflict]:
    """Find pictures that the artwork was made from and that may be shared only as they are."""
    names = tuple(
        name for name in sorted(read) if Use.GIVEN in read[name].uses and _all_ask(read[name].terms, NO_DERIVATIVES)
    )
    if names:
        said = "It was made from a picture that may be shared only as it is"
        yield Conflict(kind=NO_DERIVATIVES, licences=names, sentence=f"{said} ({', '.join(names)}).", given=True)


def _commercial(read: Mapping[str, Licensed], purpose: Purpose) -> Iterator[Conflict]:
    names = tuple(name for name in sorted(read) if _all_ask(read[name].terms, NON_COMMERCIAL))
    if names and purpose.commercial:
        said = f"Its purpose is said to be commercial, which is against {', '.join(names)}."
        yield Conflict(kind="commercial", licences=names, sentence=said, given=_any_given(read, names))


def _outgoing(read: Mapping[str, Licensed], outgoing: Terms) -> Iterator[Conflict]:
    """Hold the licence under which the artwork is to leave against what stands behind it."""
    names = tuple(name for name in sorted(read) if not _is_kept(read[name].terms, outgoing))
    if names:
        said = f"It is to leave under {outgoing.expression}, which does not keep to {', '.join(names)}."
        yield Conflict(kind="outgoing", licences=names, sentence=said, given=_any_given(read, names))


def _is_kept(behind: Terms, outgoing: Terms) -> bool:
    return any(_keeps(own, each) for own in outgoing.alternatives for each in behind.alternatives)


def _keeps(own: Alternative, each: Alternative) -> bool:
    """Tell whether leaving under all of `own` keeps to `each`."""
    opens = own.known and NON_COMMERCIAL not in own.asks and not any(name.startswith(_OWN) for name in own.licences)
    if NON_COMMERCIAL in each.asks and opens:
        return False
    return each.adaptations is None or bool(own.names & each.adaptations)


def _all_ask(terms: Terms, obligation: str) -> bool:
    return all(obligation in each.asks for each in terms.alternatives)


def _any_given(read: Mapping[str, Licensed], names: Sequence[str]) -> bool:
    return any(Use.GIVEN in read[name].uses for name in names)
