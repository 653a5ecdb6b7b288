"""Find out whether a picture looks like a work that its model learnt from, or like another artwork.

Distances between fingerprints are measured; at or below a line the pair is shown to a person. The lines are the
methods' own until an archive has calibrated them. What a fingerprint cannot tell, it does not answer: pictures
with too little detail get one finding that says so, instead of matches with everything flat.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from provenance.audit.check import Answer, Subject
from provenance.audit.finding import Finding, Kind, Match
from provenance.digest import Json
from provenance.fingerprint import METHODS, ORIENTATIONS, Method
from provenance.fingerprint.index import Hit, Index
from provenance.fingerprint.method import Fingerprint

NAME, VERSION = "similarity", "1"

CAUTION = "A match says that two pictures look alike; whether it is a copy in law is for people to say."

_TURNED = {
    "identity": "",
    "mirror": ", mirrored",
    "flip": ", upside down and mirrored",
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
    summary: str = "Does it look like a training work of its model, or like another artwork?"
    keep: int = 3
    """How many of the nearest works each method keeps as matches, however far they are."""

    def examine(self, subject: Subject) -> Answer:
        """Compare `subject` with its works and artworks."""
        return compare(
            subject.fingerprints,
            subject.works,
            subject.artworks,
            keep=self.keep,
            thresholds=subject.thresholds,
            subject=subject.uid,
        )


def compare(
    fingerprints: Mapping[str, Fingerprint],
    works: Mapping[str, Index],
    artworks: Mapping[str, Index],
    *,
    keep: int = 3,
    thresholds: Mapping[str, int] | None = None,
    subject: str | None = None,
) -> Answer:
    """Find the nearest `keep` works by each method, the near artworks, and say which are near enough to be shown.

    `thresholds` are distances in bits by method name, in place of `Method.flagged_at`; `subject` is the uid of
    the picture itself, which is left out. Of more than `keep` near works or artworks the nearest are reported.
    """
    lines = {method.name: (thresholds or {}).get(method.name, method.flagged_at) for method in METHODS}
    methods = [method for method in METHODS if method.name in fingerprints]
    reliable = {m.name for m in methods if fingerprints[m.name].quality >= m.reliable_at}
    matches = [
        match
        for method in methods
        for kind, index in _indexes(method.name, works, artworks)
        for match in _matches(
            method, kind, _hits(index, fingerprints[method.name], keep, subject), lines, method.name in reliable
        )
    ]
    findings = list(_findings(matches, fingerprints, lines))
    if methods and not reliable:
        findings.append(_cannot_be_said(methods, fingerprints))
    return Answer(
        findings=findings,
        matches=matches,
        works_compared=max((len(index) for index in works.values()), default=0),
        artworks_compared=max((len(index) for index in artworks.values()), default=0),
        settings={"methods": [_method_settings(m, fingerprints[m.name], lines[m.name]) for m in methods]},
    )


def _indexes(method: str, works: Mapping[str, Index], artworks: Mapping[str, Index]) -> Iterator[tuple[Kind, Index]]:
    if method in works:
        yield "work", works[method]
    if method in artworks:
        yield "artwork", artworks[method]


def _hits(index: Index, fingerprint: Fingerprint, keep: int, subject: str | None) -> list[Hit]:
    hits = index.nearest(fingerprint.matrix, keep if subject is None else keep + 1)[0]
    return [hit for hit in hits if hit.uid != subject][:keep]


def _matches(
    method: Method,
    kind: Kind,
    hits: list[Hit],
    lines: Mapping[str, int],
    reliable: bool,  # noqa: FBT001
) -> Iterator[Match]:
    for hit in hits:
        near = hit.distance <= lines[method.name]
        if kind == "work" or near:
            yield Match(
                uid=hit.uid,
                kind=kind,
                method=method.name,
                distance=hit.distance,
                bits=method.bits,
                orientation=hit.orientation,
                flagged=near and reliable,
            )


def _findings(
    matches: list[Match], fingerprints: Mapping[str, Fingerprint], lines: Mapping[str, int]
) -> Iterator[Finding]:
    """Give one finding for each flagged picture, works first, then by nearness."""
    flagged = {(match.kind, match.uid) for match in matches if match.flagged}
    about = {key: [m for m in matches if (m.kind, m.uid) == key] for key in flagged}
    for (kind, uid), own in sorted(about.items(), key=lambda item: (item[0][0] != "work", _share(item[1]), item[0])):
        nearest = min((match for match in own if match.flagged), key=lambda match: match.distance / match.bits)
        yield Finding(
            check=NAME,
            check_version=VERSION,
            severity="warn" if kind == "work" else "inform",
            sentence=_sentence(nearest, lines[nearest.method]),
            evidence={
                "kind": kind,
                "uid": uid,
                "calibrated": False,
                "methods": [_measured(match, fingerprints[match.method], lines[match.method]) for match in own],
            },
            other=uid,
        )


def _share(matches: list[Match]) -> float:
    return min(match.distance / match.bits for match in matches)


def _sentence(match: Match, line: int) -> str:
    what = "the training work" if match.kind == "work" else "the artwork"
    return (
        f"Looks like {what} {match.uid[:12]}{_TURNED[ORIENTATIONS[match.orientation]]}: {match.distance} of "
        f"{match.bits} bits of {match.method} differ, and {line} or fewer are flagged. {CAUTION}"
    )


def _measured(match: Match, fingerprint: Fingerprint, line: int) -> dict[str, Json]:
    return {
        "method": match.method,
        "distance": match.distance,
        "bits": match.bits,
        "flagged_at": line,
        "flagged": match.flagged,
        "orientation": ORIENTATIONS[match.orientation],
        "quality": round(fingerprint.quality, 4),
    }


def _cannot_be_said(methods: list[Method], fingerprints: Mapping[str, Fingerprint]) -> Finding:
    return Finding(
        check=NAME,
        check_version=VERSION,
        severity="inform",
        sentence="Cannot be said whether it looks like another picture: "
        "it has too little detail for its fingerprints to be relied on.",
        evidence={
            "methods": [
                {
                    "method": method.name,
                    "quality": round(fingerprints[method.name].quality, 4),
                    "reliable_at": method.reliable_at,
                }
                for method in methods
            ]
        },
    )


def _method_settings(method: Method, fingerprint: Fingerprint, line: int) -> dict[str, Json]:
    return {
        "method": method.name,
        "flagged_at": line,
        "reliable_at": method.reliable_at,
        "quality": round(fingerprint.quality, 4),
    }
