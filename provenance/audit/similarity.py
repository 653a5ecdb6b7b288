"""Find out whether a picture looks like a work that its model learnt from, or like another artwork.

Distances between fingerprints are measured, and a pair at or below a line is shown to a person. The lines are the
methods' own until an archive has calibrated them. One method decides (`DECIDING`), the others support it: flagging by
any of the four found 1 % more altered copies of clip art, and unrelated works 24 times as often.
What a fingerprint cannot tell, it does not answer: a picture with too little detail gets one finding that says so,
instead of matches with everything flat.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from provenance.audit.check import Answer, Subject
from provenance.audit.finding import Finding, Kind, Match
from provenance.digest import Json
from provenance.fingerprint import METHODS, ORIENTATIONS, Method, deciding
from provenance.fingerprint.index import Hit, Index
from provenance.fingerprint.method import Fingerprint
from provenance.words import MATCH_MEANS, Severity

NAME, VERSION = "similarity", "2"

_REPORTED = 3
"""So many near pictures are reported even if fewer matches are kept."""

_TURNED = {
    "identity": "",
    "mirror": ", mirrored",
    "flip": ", mirrored and turned by 180 degrees",
    "rotate_180": ", turned by 180 degrees",
    "transpose": ", mirrored and turned by 90 degrees",
    "rotate_90": ", turned by 90 degrees",
    "rotate_270": ", turned by 90 degrees",
    "transverse": ", mirrored and turned by 90 degrees",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Similarity:
    """Compares an artwork with works and artworks by all fingerprint methods."""

    name: str = NAME
    version: str = VERSION
    summary: str = "Does it look like a work that is known here, or like another artwork?"

    def examine(self, subject: Subject) -> Answer:
        """Compare `subject` with its works and artworks."""
        return compare(
            subject.fingerprints,
            subject.works,
            subject.artworks,
            keep=subject.keep,
            thresholds=subject.thresholds,
            but=subject.related | ({subject.uid} if subject.uid else set()),
        )


def compare(
    fingerprints: Mapping[str, Fingerprint],
    works: Mapping[str, Index],
    artworks: Mapping[str, Index],
    *,
    keep: int = 3,
    thresholds: Mapping[str, int] | None = None,
    but: Collection[str] = (),
) -> Answer:
    """Find the nearest `keep` works by each method, the near artworks, and say which are near enough to be shown.

    `fingerprints`, `works` and `artworks` are by method name. `thresholds` are distances in bits by method name,
    in place of `Method.flagged_at`. `but` are uids to leave out: its own, and those that it was made from.
    Of many near works, or artworks, the nearest are reported: `keep`, and three at least. What has no code by a method,
    as in an archive from before it, is not compared by it.
    """
    rulers = [
        _Ruler(method=method, line=(thresholds or {}).get(method.name, method.flagged_at), of=fingerprints[method.name])
        for method in METHODS
        if method.name in fingerprints
    ]
    sides = (_Side(kind="work", indexes=works), _Side(kind="artwork", indexes=artworks))
    matches = [match for side in sides for match in _compare_side(rulers, side, keep, but)]
    findings = list(_findings(rulers, matches))
    if rulers and not _decisive(rulers).reliable:
        findings.append(_cannot_be_said(rulers))
    works_compared, artworks_compared = (_compared(rulers, side) for side in sides)
    return Answer(
        findings=findings,
        matches=matches,
        works_compared=works_compared,
        artworks_compared=artworks_compared,
        settings={"methods": [ruler.settings() for ruler in rulers]},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ruler:
    """A method with its line, and the subject's fingerprint by it."""

    method: Method
    line: int
    of: Fingerprint

    @property
    def reliable(self) -> bool:
        return self.of.quality >= self.method.reliable_at

    def near(self, hit: Hit) -> bool:
        """Tell whether it is near by this method, as far as that can be relied on."""
        return self.reliable and hit.distance <= self.line

    def settings(self) -> dict[str, Json]:
        return {
            "method": self.method.name,
            "flagged_at": self.line,
            "reliable_at": self.method.reliable_at,
            "quality": round(self.of.quality, 4),
        }

    def match(self, hit: Hit, kind: Kind) -> Match:
        return Match(
            uid=hit.uid,
            kind=kind,
            method=self.method.name,
            distance=hit.distance,
            bits=self.method.bits,
            orientation=hit.orientation,
            flagged=False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """What the subject is compared with."""

    kind: Kind
    indexes: Mapping[str, Index] = field(default_factory=dict)


def _there(rulers: Sequence[_Ruler], side: _Side) -> list[_Ruler]:
    return [ruler for ruler in rulers if ruler.method.name in side.indexes]


def _decisive(rulers: Sequence[_Ruler]) -> _Ruler:
    chosen = deciding([ruler.method.name for ruler in rulers])
    return next(ruler for ruler in rulers if ruler.method is chosen)


def _compared(rulers: Sequence[_Ruler], side: _Side) -> int:
    """Count what the method that decides was held against."""
    there = _there(rulers, side)
    return len(side.indexes[_decisive(there).method.name]) if there else 0


def _compare_side(rulers: Sequence[_Ruler], side: _Side, keep: int, but: Collection[str]) -> Iterator[Match]:
    there = _there(rulers, side)
    if not there:
        return
    hits = {ruler.method.name: _nearest(ruler, side, keep, but) for ruler in there}
    decisive = _decisive(there)
    flagged = {hit.uid for hit in hits[decisive.method.name] if decisive.near(hit)}
    for ruler in there:
        own = hits[ruler.method.name]
        for place, hit in enumerate([*own, *_measured(ruler, side, flagged - {hit.uid for hit in own})]):
            near = ruler.near(hit)
            if near or hit.uid in flagged or (side.kind == "work" and place < keep):
                yield replace(ruler.match(hit, side.kind), flagged=near and hit.uid in flagged)


def _nearest(ruler: _Ruler, side: _Side, keep: int, but: Collection[str]) -> list[Hit]:
    wanted = max(keep, _REPORTED)
    hits = side.indexes[ruler.method.name].nearest(ruler.of.matrix, wanted + len(but))[0]
    return [hit for hit in hits if hit.uid not in but][:wanted]


def _measured(ruler: _Ruler, side: _Side, uids: set[str]) -> list[Hit]:
    """Measure by this method what only another one put among the nearest: the evidence names both."""
    index = side.indexes[ruler.method.name]
    hits = [index.measure(ruler.of.matrix, uid) for uid in sorted(uids)]
    return [hit for hit in hits if hit is not None]


def _findings(rulers: Sequence[_Ruler], matches: Sequence[Match]) -> Iterator[Finding]:
    """Give one finding for each flagged picture, whatever the number of methods: works first, the nearest first."""
    pairs: dict[tuple[Kind, str], list[Match]] = {}
    for match in matches:
        pairs.setdefault((match.kind, match.uid), []).append(match)
    told = [(_decisive_of(pair), pair) for pair in pairs.values() if any(match.flagged for match in pair)]
    order = {"work": 0, "artwork": 1}
    for match, pair in sorted(told, key=lambda each: (order[each[0].kind], each[0].distance, each[0].uid)):
        yield _finding(match, pair, {ruler.method.name: ruler for ruler in rulers})


def _decisive_of(pair: Sequence[Match]) -> Match:
    chosen = deciding([match.method for match in pair])
    return next(match for match in pair if chosen is not None and match.method == chosen.name)


def _finding(match: Match, pair: Sequence[Match], rulers: Mapping[str, _Ruler]) -> Finding:
    return Finding(
        check=NAME,
        check_version=VERSION,
        severity=Severity.WARNING if match.kind == "work" else Severity.NOTE,
        sentence=_sentence(match, pair, rulers[match.method].line),
        evidence={
            "kind": match.kind,
            "uid": match.uid,
            "calibrated": False,
            "methods": [rulers[other.method].settings() | _measurement(other) for other in pair],
        },
        other=match.uid,
    )


def _sentence(match: Match, pair: Sequence[Match], line: int) -> str:
    what = "the work" if match.kind == "work" else "the artwork"  # which are training works may change: ask later
    near = sum(other.flagged for other in pair)
    others = f" It is near by {near} of {len(pair)} methods." if len(pair) > 1 else ""
    return (
        f"Looks like {what} {match.uid[:12]}{_TURNED[ORIENTATIONS[match.orientation]]}: {match.distance} of "
        f"{match.bits} bits of {match.method} differ, and {line} or fewer are flagged.{others} {MATCH_MEANS}"
    )


def _measurement(match: Match) -> dict[str, Json]:
    return {
        "distance": match.distance,
        "bits": match.bits,
        "orientation": ORIENTATIONS[match.orientation],
        "near": match.flagged,
    }


def _cannot_be_said(rulers: Sequence[_Ruler]) -> Finding:
    return Finding(
        check=NAME,
        check_version=VERSION,
        severity=Severity.NOTE,
        sentence="Cannot be said whether it looks like another picture: "
        "it is too plain, or too symmetric, for its fingerprints to be relied on.",
        evidence={"methods": [ruler.settings() for ruler in rulers]},
    )
