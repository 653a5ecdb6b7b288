"""The page of an audit: one file that anybody can read, that says no more than is known, and that shows where."""

import dataclasses
import math
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise

import cv2
import numpy as np
import pytest
from pictures import picture
from PIL import Image

from provenance.audit.copies import Relation
from provenance.digest import Json
from provenance.errors import PictureError
from provenance.export.audit_report import (
    AuditReport,
    ErrorRate,
    Measure,
    ReportedArtwork,
    ReportedCheck,
    ReportedFact,
    ReportedFinding,
    ReportedJudgement,
    ReportedMatch,
    ReportedModel,
    ReportedNearest,
    ReportedPair,
)
from provenance.export.audit_report_figures import figures
from provenance.export.audit_report_page import LIMIT, SHOWN, audit_page
from provenance.export.audit_report_regions import laid_over, recorded_matrix, regions, share, unit_matrix, way
from provenance.picture import Picture
from provenance.words import PersonDecision, Severity, Standing, Truth, forbidden_in

NOVEMBER = datetime(2026, 11, 4, 14, 10, tzinfo=UTC)
HALF = ((2.0, 0.0, -0.5), (0.0, 2.0, -0.5))
"""The whole of the other picture lies in the middle of the artwork, half as large."""

WORK = (300, 200)
ARTWORK = (400, 400)


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside not in {"style", "script"} and data.strip():
            self.texts.append(data)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._inside = ""

    @property
    def said(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def match(**changes: object) -> ReportedMatch:
    facts: dict[str, object] = {
        "uid": "96" * 32,
        "title": "Picture 0B",
        "relation": Relation.CONTAINS,
        "severity": Severity.DECIDE,
        "standing": Standing.LEARNT,
        "creator": "freespace",
        "licence": "CC-BY-SA-3.0",
        "picture": picture(1),
        "matrix": HALF,
        "method": "copies 1, judge_v5",
        "measures": (Measure(name="Score", value=9.7, line=2.5, lowest=-10, highest=20, method="judge_v5"),),
        "rates": (ErrorRate(reached="the line of 2.5", found=4, of=2000, low=0.0005, high=0.0051, compared=3012),),
        "facts": (ReportedFact(name="Learnt from", text="Yes", truth=Truth.CHECKED),),
    }
    return ReportedMatch(**(facts | changes))  # type: ignore[arg-type]


def artwork(**changes: object) -> ReportedArtwork:
    facts: dict[str, object] = {
        "uid": "a8" * 32,
        "title": "Tide and bowl",
        "caption": "4 November 2026, run 4f2c",
        "picture": picture(2),
        "compared": 3012,
        "of": 3012,
    }
    return ReportedArtwork(**(facts | changes))  # type: ignore[arg-type]


def report(*artworks: ReportedArtwork, **changes: object) -> AuditReport:
    facts = AuditReport(archive="Lind Studio", audited_at=NOVEMBER, artworks=artworks, policy="standard, 3f9a")
    return dataclasses.replace(facts, **changes)  # type: ignore[arg-type]


def full() -> AuditReport:
    judged = ReportedJudgement(decision=PersonDecision.DISPUTED, reason="Ours.", by="Ada Lind", at=NOVEMBER)
    checks = (
        ReportedCheck(name="licence", version="1", severity=Severity.WARNING, sentence="Credit.", details=("By Ada",)),
        ReportedCheck(name="integrity", version="1", severity=None, sentence="All agree."),
    )
    finding = ReportedFinding(
        check="memorisation",
        version="1",
        severity=Severity.WARNING,
        sentence="3 of 20 outputs are near.",
        figures=figures({"samples": 20, "share": 0.15}),
        pairs=(ReportedPair(left=picture(3), right=picture(4), left_label="A work", right_label="An output"),),
    )
    found = artwork(
        matches=(
            match(judgements=(judged,), points=(((0.4, 0.4), (0.3, 0.3)), ((0.6, 0.6), (0.7, 0.7)))),
            match(relation=Relation.STYLE, severity=Severity.NOTE, title="Waves"),
        ),
        checks=checks,
        nearest=(ReportedNearest(label="Picture 0B", text="0.41"),),
    )
    return report(
        found,
        artwork(uid="b" * 64, title="Quiet", checks=checks[1:]),
        models=(ReportedModel(uid="d" * 64, name="faces", findings=(finding,)),),
        methods=(("copies", "version 1"),),
        program="prov 0.4.0",
        command="prov audit --all --report page.html",
    )


def test_an_artwork_is_opened_once_however_many_works_are_near_to_it() -> None:
    opened: list[int] = []

    def open_it() -> Picture:
        opened.append(1)
        return picture(2)

    audit_page(report(artwork(picture=open_it, matches=(match(),) * 3)))

    assert len(opened) == 1


def test_the_page_is_one_file_that_asks_for_no_other() -> None:
    page = audit_page(full())

    seen = Page(page)
    assert page.startswith("<!doctype html>")
    assert all(image["src"].startswith("data:image/webp;base64,") for image in seen.all("img"))
    assert all(each["href"].startswith("#") for tag in ("a", "use") for each in seen.all(tag))
    assert not seen.all("link")
    assert not re.findall(r"url\(|@import|https?://", page.replace("http://www.w3.org/", ""))


def test_the_page_can_be_read_by_those_who_cannot_see_it() -> None:
    seen = Page(audit_page(full()))

    levels = [int(tag[1]) for tag, _ in seen.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))
    assert all(image["alt"] for image in seen.all("img"))
    ids = [attributes["id"] for _, attributes in seen.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = {attributes["aria-labelledby"] for _, attributes in seen.elements if "aria-labelledby" in attributes}
    linked = {link["href"][1:] for link in seen.all("a")}
    assert named | linked <= set(ids)
    assert seen.all("html") == [{"lang": "en"}]
    assert all(each.get("aria-label") for each in seen.all("input") if each["type"] == "range")


def test_the_page_overclaims_nowhere() -> None:
    seen = Page(audit_page(full()))

    assert [hit for text in [*seen.texts, seen.said] for hit in forbidden_in(text)] == []


def test_the_page_says_what_was_found_where_and_how_sure_it_is() -> None:
    said = Page(audit_page(report(artwork(matches=(match(),))))).said

    assert "“Tide and bowl” seems to contain all of “Picture 0B”" in said
    assert "The outlined part, 25 % of the artwork, matches the whole of “Picture 0B” by freespace." in said
    assert "9.7; we flag from 2.5" in said
    assert "Of 2,000 unrelated pictures, each compared with all 3,012 works, 4 reached the line of 2.5." in said
    assert "That is about 1 in 500." in said
    assert "4 of 2,000: 0.2 % (95 % interval 0.05 % to 0.51 %)" in said
    assert "Nobody has decided yet. It waits for a decision." in said
    assert "Whether it is a copy in law is for people to say." in said
    assert "copies 1, judge_v5" in said


def test_markup_in_a_title_stays_text() -> None:
    evil = '<script>alert(1)</script> & "more" \' \x00\u202e\ud800'
    page = audit_page(report(artwork(title=evil, matches=(match(title=evil, creator=evil, withheld=evil),))))

    assert len(Page(page).all("script")) == 1  # ours
    assert "alert(1)" in Page(page).said
    assert "\u202e" not in page
    assert page.encode()
    assert "\x00" not in page


def test_the_same_report_gives_the_same_page() -> None:
    assert audit_page(full()) == audit_page(full())


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((3012, 3012), "No copy of a training work found, compared with 3,012 of 3,012."),
        ((3012, 3422), "The verdict covers 3,012 of 3,422."),
        ((0, 3422), "Nothing can be said about copies"),
        ((0, 0), "there was no training work to compare it with"),
    ],
)
def test_nothing_found_is_told_with_what_was_compared(found: tuple[int, int], expected: str) -> None:
    said = Page(audit_page(report(artwork(compared=found[0], of=found[1])))).said

    assert expected in said
    assert ("No copy" in said) == (found[0] > 0)


def test_what_asks_most_comes_first() -> None:
    asking = artwork(uid="1" * 64, title="Asking", matches=(match(),))
    looking = artwork(uid="2" * 64, title="Looking", matches=(match(severity=Severity.WARNING),))

    seen = Page(audit_page(report(artwork(title="Quiet"), looking, asking)))

    places = [seen.said.index(f"“{title}”") for title in ("Asking", "Looking", "Quiet")]
    assert places == sorted(places)
    assert "1 of 3 artworks needs a decision" in seen.said


def test_a_match_that_a_person_dismissed_is_shown_and_asks_for_nothing() -> None:
    dismissed = ReportedJudgement(decision=PersonDecision.DISMISSED, reason="Two sunsets.", by="Ada Lind", at=NOVEMBER)
    earlier = ReportedJudgement(decision=PersonDecision.ACCEPTED, reason="Hm.", by="Bo", at=NOVEMBER)
    one = artwork(matches=(match(judgements=(earlier, dismissed)),))

    said = Page(audit_page(report(one))).said

    assert one.severity is None
    assert said.index("Two sunsets.") < said.index("Hm.")
    assert "Ada Lind, 4 November 2026, 14:10 UTC" in said
    assert "No copy of a training work found in “Tide and bowl”" in said


def test_the_verdict_of_the_policy_goes_before_the_findings() -> None:
    assert artwork(matches=(match(),), decided=Severity.NOTE).severity is Severity.NOTE
    assert artwork(matches=(match(),)).severity is Severity.DECIDE
    assert artwork().severity is None


def test_a_picture_that_cannot_be_shown_leaves_a_sentence_and_the_outline() -> None:
    def missing() -> Picture:
        raise PictureError("The file of the work is gone.", reason="unreadable")

    for hidden in (match(picture=missing), match(withheld="The file of the work is gone.")):
        seen = Page(audit_page(report(artwork(matches=(hidden,)))))

        assert "The file of the work is gone." in seen.said
        assert len(seen.all("img")) == 1
        assert len([each for each in seen.all("polygon") if each["class"] == "outline b"]) == 2


def test_a_similar_style_is_no_match_and_outlines_nothing() -> None:
    style = match(relation=Relation.STYLE, severity=Severity.NOTE)
    seen = Page(audit_page(report(artwork(matches=(style,)))))

    assert regions(style) == ((), ())
    assert not seen.all("polygon")
    assert "Similar style only, not a match" in seen.said
    assert "No copy of a training work found in" in seen.said


def test_only_so_many_artworks_have_pictures() -> None:
    tiny = picture(1, 16, 16)
    artworks = [artwork(uid=f"{number:064x}", title=f"No {number}", picture=tiny) for number in range(LIMIT + 3)]

    seen = Page(audit_page(report(*artworks)))

    assert len(seen.all("img")) == LIMIT
    assert "3 artworks without pictures" in seen.said


def test_only_so_many_matches_of_an_artwork_have_pictures() -> None:
    many = tuple(match(title=f"Work {number}") for number in range(SHOWN + 2))

    seen = Page(audit_page(report(artwork(matches=many))))

    assert "And 2 more" in seen.said
    assert f"Contains all of “Work {SHOWN + 1}”" in seen.said
    assert len(seen.all("img")) == 4 * SHOWN


@pytest.mark.parametrize("size", [(1, 1), (4000, 1), (1, 4000)])
def test_pictures_of_any_shape_find_a_place(size: tuple[int, int]) -> None:
    thin = Picture(np.full((size[1], size[0], 4), 90, np.uint8))

    page = audit_page(report(artwork(picture=thin, matches=(match(picture=thin),))))

    assert len(Page(page).all("img")) == 4


@pytest.mark.parametrize("matrix", [((0.0, 0.0, 0.5), (0.0, 0.0, 0.5)), ((math.nan, 0.0, 0.0), (0.0, 1.0, 0.0))])
def test_a_matrix_that_lays_a_picture_onto_a_point_outlines_nothing(matrix: object) -> None:
    flat = match(matrix=matrix, relation=Relation.PART)

    assert regions(flat) == ((), ())
    assert "A part of the artwork matches a part of" in Page(audit_page(report(artwork(matches=(flat,))))).said


def placed(*, mirrored: bool, degrees: float) -> tuple[Image.Image, Image.Image, ReportedMatch]:
    """Lay a work into an artwork in a way that is known, and give the match that a comparison would find."""
    work, ground = picture(5, *WORK).image().convert("RGB"), Image.new("RGB", ARTWORK, "white")
    angle, scale = math.radians(degrees), 0.5
    turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    turn = turn @ np.diag((-1.0, 1.0)) if mirrored else turn
    forth = np.column_stack([turn, np.array((200.0, 220.0)) - turn @ (WORK[0] / 2, WORK[1] / 2)])
    back = np.linalg.inv(np.vstack([forth, (0, 0, 1)]))[:2]
    coefficients = tuple(float(value) for value in back.ravel())
    laid = work.convert("RGBA").transform(ARTWORK, Image.Transform.AFFINE, coefficients, Image.Resampling.BICUBIC)
    ground.paste(laid, mask=laid.getchannel("A"))
    unit = np.vstack([back, (0, 0, 1)]) @ np.diag((*ARTWORK, 1))
    unit[:2] /= np.array(WORK)[:, None]
    (a, b, c), (d, e, f) = unit[:2].tolist()
    return ground, work, match(matrix=((a, b, c), (d, e, f)), relation=Relation.CONTAINS)


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_outline_lies_where_the_work_was_put(mirrored: bool) -> None:
    _, _, found = placed(mirrored=mirrored, degrees=11)

    (here,), (there,) = regions(found)
    corners = {(round(x * ARTWORK[0]), round(y * ARTWORK[1])) for x, y in here}
    angle = math.radians(11)
    expected = {
        (
            round(200 + 0.5 * (math.cos(angle) * x - math.sin(angle) * y)),
            round(220 + 0.5 * (math.sin(angle) * x + math.cos(angle) * y)),
        )
        for x in (-150, 150)
        for y in (-100, 100)
    }
    assert corners == expected
    assert share((here,)) == pytest.approx(150 * 100 / (400 * 400))
    assert share((there,)) == pytest.approx(1)


def test_a_work_that_was_seen_from_a_side_is_outlined_and_laid_over() -> None:
    work = picture(5, *WORK).image().convert("RGB")
    corners = ((60, 40), (330, 90), (300, 340), (90, 300))
    start = np.array([(0, 0), (WORK[0], 0), WORK, (0, WORK[1])], np.float32)
    back = cv2.getPerspectiveTransform(np.array(corners, np.float32), start)
    coefficients = tuple(float(value) for value in (back / back[2, 2]).ravel()[:8])
    laid = work.convert("RGBA").transform(ARTWORK, Image.Transform.PERSPECTIVE, coefficients)
    ground = Image.new("RGB", ARTWORK, "white")
    ground.paste(laid, mask=laid.getchannel("A"))
    unit = np.diag((1 / WORK[0], 1 / WORK[1], 1)) @ back @ np.diag((*ARTWORK, 1))
    found = match(matrix=tuple(map(tuple, unit.tolist())), relation=Relation.CONTAINS)

    (here,), _ = regions(found)
    over = laid_over(found, ground, work, 200)

    assert {(round(x * ARTWORK[0]), round(y * ARTWORK[1])) for x, y in here} == set(corners)
    assert over is not None
    part, other = np.asarray(over[0], float), np.asarray(over[1], float)
    inside = other[..., 3] > 250
    assert 0.3 < inside.mean() < 0.9
    assert np.abs(part[inside] - other[inside][:, :3]).mean() < 12


def test_the_report_says_what_happened_to_the_work() -> None:
    _, _, found = placed(mirrored=True, degrees=11)
    assert way(found, ARTWORK, WORK) == ("mirrored", "turned by 11°")

    _, _, plain = placed(mirrored=False, degrees=0)
    assert way(plain, ARTWORK, WORK) == ()
    assert way(dataclasses.replace(plain, inverted=True), ARTWORK, WORK) == ("inverted, light for dark",)
    aside = match(matrix=((1.0, 0.0, 0.0), (0.0, 1.0, -0.5), (0.2, 0.0, 1.0)))
    assert way(aside, (100, 100), (100, 100)) == ("seen from a side",)
    stretched = match(matrix=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    assert way(stretched, ARTWORK, WORK) == ("stretched",)


@pytest.mark.parametrize("mirrored", [False, True])
def test_one_laid_over_the_other_agrees_where_both_are(mirrored: bool) -> None:
    ground, work, found = placed(mirrored=mirrored, degrees=-20)

    laid = laid_over(found, ground, work, 200)

    assert laid is not None
    part, other = np.asarray(laid[0], float), np.asarray(laid[1], float)
    inside = other[..., 3] > 250
    assert part.shape[:2] == other.shape[:2]
    assert max(part.shape[:2]) == 200
    assert 0.3 < inside.mean() < 0.9
    assert np.abs(part[inside] - other[inside][:, :3]).mean() < 12
    assert np.abs(part[inside] - other[..., :3][::-1, ::-1][inside]).mean() > 25  # the test can tell


@pytest.mark.parametrize("mirrored", [False, True])
def test_what_a_comparison_measured_on_small_copies_holds_for_the_pictures(mirrored: bool) -> None:
    _, _, truth = placed(mirrored=mirrored, degrees=30)
    unit = np.vstack([np.array(truth.matrix), (0, 0, 1)])
    small, other = (160, 160), (160, 107)
    into = np.array([[1 / small[0], 0, 0.5 / small[0]], [0, 1 / small[1], 0.5 / small[1]], [0, 0, 1]])
    out = np.array([[other[0], 0, -0.5], [0, other[1], -0.5], [0, 0, 1]])
    flip = np.array([[-1, 0, small[0] - 1], [0, 1, 0], [0, 0, 1]]) if mirrored else np.eye(3)
    measured = out @ unit @ into @ flip

    found = unit_matrix(measured, artwork=ARTWORK, other=WORK, side=160, mirrored=mirrored)

    assert np.array(found) == pytest.approx(np.array(truth.matrix), abs=1e-9)
    assert unit_matrix(np.diag((0.0, 0.0, 1.0)), artwork=ARTWORK, other=WORK, side=160, mirrored=False) is None


def test_what_was_recorded_of_a_match_is_read_and_what_cannot_be_read_is_left_out() -> None:
    evidence: dict[str, Json] = {"matrix": [[1, 0, 0], [0, 1, 0]], "matrix_side": 160, "change": "mirrored"}

    found = recorded_matrix(evidence, artwork=(100, 100), other=(50, 50))

    assert np.array(found) == pytest.approx(np.array(((-1, 0, 1), (0, 1, 0))))
    aside = recorded_matrix(
        evidence | {"matrix": [[1, 0, 0], [0, 1, 0], [0.001, 0, 1]]}, artwork=(160, 160), other=(160, 160)
    )
    assert aside is not None
    assert len(aside) == 3
    flat: list[Json] = [[0, 0, 0], [0, 0, 0]]
    unreadable: tuple[dict[str, Json], ...] = ({"matrix": flat}, {"matrix": "x"}, {"matrix_side": None}, {"change": 3})
    for broken in unreadable:
        assert recorded_matrix(evidence | broken, artwork=(100, 100), other=(50, 50)) is None


def test_outlines_that_leave_the_picture_are_cut_off_at_its_edge() -> None:
    beyond = match(in_artwork=(((-1.0, -1.0), (0.5, -1.0), (0.5, 2.0), (-1.0, 2.0)),), in_other=(((2.0, 2.0),) * 4,))

    (here,), there = regions(beyond)

    assert set(here) == {(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)}
    assert there == ()


@pytest.mark.parametrize(("value", "over"), [(9, True), (10, True), (11, False)])
def test_a_distance_is_over_the_line_when_it_is_small(value: int, over: bool) -> None:
    assert Measure(name="Bits", value=value, line=10, highest=64, nearer_below=True).over is over


def test_a_record_becomes_lines_that_people_can_read() -> None:
    record: dict[str, Json] = {
        "samples": 2000,
        "held_out": {"share": 0.03125, "best": None},
        "names": ["a", "b"],
        "told": True,
    }

    assert figures(record) == (
        ("Samples", "2,000"),
        ("Held out: share", "0.03125"),
        ("Held out: best", "Not recorded"),
        ("Names", "a, b"),
        ("Told", "yes"),
    )


def test_a_long_record_is_cut_and_says_so() -> None:
    lines = figures({f"n{number}": number for number in range(100)}, most=10)

    assert len(lines) == 10
    assert lines[-1] == ("And more", "91 figures that only the record has")
