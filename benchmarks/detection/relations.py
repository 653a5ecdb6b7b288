"""Which works are one another's variants: a find of such a work is neither a success nor a false flag.

Art corpora hold derivatives: a design in five skin tones, a chalet in two colours, a runner mirrored. Without this,
every rate of false flags is wrong. Three things make works related, and nothing else does:

1. the corpus says so: the same series within a source;
2. openmoji is drawn by many hands from common templates: one name but for skin tone and gender, a template of
   `TEMPLATES`, or an outline that agrees to `ALIKE` when both are cut to what is drawn;
3. `relations.csv`: pairs that a person has looked at; they stand for the whole series or design of both.
"""

import csv
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.attack import Pixels, grey
from benchmarks.detection.attacks_shape import drawn
from benchmarks.detection.corpus import Work, load
from provenance.errors import UsageError

CONFIRMED: Final = Path(__file__).with_name("relations.csv")
"""Columns: one, other (uids), reason."""
ALIKE: Final = 0.94
"""The correlation from which on two outlines of openmoji are one template: chosen by looking at 120 pairs."""

_SIDE = 32
_BUST = (
    "frowning|pouting|old|older|judge|factory worker|mechanic|health worker|construction worker|facepalming|astronaut|"
    "supervillain|superhero|scientist|with veil|deaf|mage|student|singer|vampire|cook|police officer|wearing turban|"
    "guard|detective|farmer|in tuxedo|in steamy room|artist|teacher|firefighter|bowing|prince|mrs. claus|shrugging|"
    "with headscarf|technologist|office worker|pilot|child|elf|zombie|with crown|raising hand|tipping hand|"
    "gesturing no|getting haircut|getting massage|pregnant|feeding baby|fairy"
)
TEMPLATES: Final = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("yellow face", r"\bface\b.*(smileys-emotion|travel-places)"),
        ("disc", r"\b(circle|moon|globe|tennis|softball|baseball|basketball|optical disk|dvd)\b"),
        ("square", r"\b(square|rectangle|skin tone component|closed book)\b(?!.*button)"),
        ("square", r"^(heart decoration|eight-pointed star|sparkle|world map)\b|\bflag\b.*extras-unicode"),
        ("arrow", r"^(?!bow|mobile).*\barrow\b"),
        ("heart", r"\bheart\b.*smileys-emotion"),
        ("triangle", r"\btriangle\b"),
        ("star", r"\bstar\b(?!.*of david)"),
        ("bust", rf"^(({_BUST}) )?people-body"),
        ("figure", r"^(standing|walking|kneeling|with white cane) people-body"),
        ("wheelchair", r"^in (motorized|manual) wheelchair people-body"),
        ("hand", r"^(backhand index|palm|palms|leftwards|rightwards|left-facing fist|right-facing fist)\b"),
        ("line in a circle", r"o.clock|-thirty|^regional indicator|^circled (m|c)|^sound recording|^power|^record"),
        ("square", r"^(gemini|leo|virgo|sagittarius|capricorn|om|atom symbol|star of david|orthodox cross)"),
        ("square", r"^(wheel of dharma|peace symbol|yin yang|latin cross|water closet|keycap|.* button\b)"),
        ("struck out", r"^no |^prohibited"),
        ("mailbox", r"mailbox"),
        ("bathtub", r"bathtub|taking bath"),
    )
)
"""Templates of openmoji by name without genders, and category: a person looked at the 120 nearest pairs."""

_GENDERS = re.compile(r"\b(men|women|man|woman|people|person|boy|girl)\b")
_MERFOLK = re.compile(r"\bmer(man|maid|person)\b")


class Relations:
    """Tells a work's relatives."""

    def __init__(
        self, works: Sequence[Work], pairs: Iterable[tuple[str, str]], designs: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Relate what shares a series or a design, and the `pairs`, some of which may name works not here.

        The pairs of `designs` stand for all that shares a series or a design with one or the other: all skin tones of
        two hands, for example.
        """
        known = {work.uid for work in works}
        self._related: dict[str, set[str]] = defaultdict(set)
        groups: dict[str, list[str]] = defaultdict(list)
        for work in works:
            groups[f"{work.source} {work.series}"].append(work.uid)
            groups[_design(work)].append(work.uid)
        for group in groups.values():
            for uid in group:
                self._related[uid].update(group)
        kin = {uid: frozenset(related) for uid, related in self._related.items()}
        alone = ((frozenset({one}), frozenset({other})) for one, other in pairs if {one, other} <= known)
        whole = ((kin[one], kin[other]) for one, other in designs if {one, other} <= known)
        for some, others in (*alone, *whole):
            for uid in some:
                self._related[uid] |= others
            for uid in others:
                self._related[uid] |= some

    @classmethod
    def find(cls, works: Sequence[Work], folder: Path) -> "Relations":
        """Read the confirmed pairs, and find openmoji's templates or take them from `folder`, where they are kept."""
        return cls(works, _templates([work for work in works if work.source == "openmoji"], folder), confirmed())

    def related(self, uid: str) -> frozenset[str]:
        """Give the relatives of a work, without itself."""
        return frozenset(self._related.get(uid, ())) - {uid}


def confirmed(path: Path = CONFIRMED) -> list[tuple[str, str]]:
    """Read the pairs that a person has looked at. Raises UsageError where the table is not one."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if any(not row.get("one") or not row.get("other") or not row.get("reason") for row in rows):
        raise UsageError(f"{path.name} needs one, other and reason in every row.")
    return [(row["one"], row["other"]) for row in rows]


def _design(work: Work) -> str:
    if work.source != "openmoji":
        return work.uid
    name = _MERFOLK.sub("merfolk", work.title.split(":")[0].lower())
    name = f"{' '.join(_GENDERS.sub('', name).split())} {work.category}".strip()
    template = next((template for template, pattern in TEMPLATES if pattern.search(name)), name)
    return f"openmoji: {template}"


def _templates(works: Sequence[Work], folder: Path) -> list[tuple[str, str]]:
    digest = hashlib.sha256("\n".join([str(ALIKE), *(work.uid for work in works)]).encode()).hexdigest()
    kept = folder / f"templates-{digest[:16]}.json"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(_alike(works)), encoding="utf-8")
    return [(one, other) for one, other in json.loads(kept.read_text(encoding="utf-8"))]


def _alike(works: Sequence[Work]) -> list[tuple[str, str]]:
    if not works:
        return []
    shapes = [_shape(load(work)) for work in works]
    nearness = np.zeros((len(works), len(works)), np.float32)
    for layer in (0, 1):
        plain = _normal(np.stack([shape[layer] for shape in shapes]))
        mirrored = _normal(np.stack([shape[layer][:, ::-1] for shape in shapes]))
        # An inverted or recoloured tone is the same design, an inverted edge is not.
        for other in (plain, mirrored):
            agreed = plain @ other.T
            nearness = np.maximum(nearness, np.abs(agreed) if layer == 0 else agreed)
    rows, columns = np.nonzero(np.triu(np.maximum(nearness, nearness.T), 1) >= ALIKE)
    return [(works[row].uid, works[column].uid) for row, column in zip(rows.tolist(), columns.tolist(), strict=True)]


def _shape(pixels: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give tone and edges of what is drawn, each (32, 32)."""
    part = _cut_to_drawing(pixels)
    tone = np.asarray(cv2.resize(grey(part), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.float32)
    large = np.asarray(cv2.resize(part, (128, 128), interpolation=cv2.INTER_AREA), np.float32)
    slopes = np.hypot(cv2.Sobel(large, cv2.CV_32F, 1, 0), cv2.Sobel(large, cv2.CV_32F, 0, 1)).max(axis=2)
    edges = cv2.GaussianBlur(np.minimum(slopes, 200).astype(np.float32), (0, 0), 2)
    return tone, np.asarray(cv2.resize(edges, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.float32)


def _cut_to_drawing(pixels: Pixels) -> Pixels:
    marked = drawn(pixels)
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    if len(rows) < 4 or len(columns) < 4:
        return pixels
    return np.ascontiguousarray(pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _normal(layers: NDArray[np.float32]) -> NDArray[np.float32]:
    flat = layers.reshape(len(layers), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    normal: NDArray[np.float32] = flat / (np.linalg.norm(flat, axis=1, keepdims=True) + 1e-6)
    return normal
