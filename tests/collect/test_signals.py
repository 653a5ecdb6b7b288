"""What works say about learning is found wherever it may stand, and nothing broken ever counts as a yes."""

import io
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packets import (
    PLUS,
    SOURCE_TYPE,
    after_the_pixels,
    extended,
    mining,
    packet,
    raw_profile,
    save,
    with_xmp,
)
from pictures import picture
from PIL import Image

from provenance.collect import signals_values as values
from provenance.collect.signals import Signal, Source, consent_signal, is_unreadable, table_signals
from provenance.collect.signals_folder import Surroundings
from provenance.collect.signals_robots import Pattern
from provenance.collect.signals_values import Says
from provenance.collect.signals_xmp import read_properties, sidecar_signals, xmp_signals

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "AVIF")
NO = mining("DMI-PROHIBITED-GENAIMLTRAINING")


def image() -> Image.Image:
    return picture(0).image()


def said(signals: tuple[Signal, ...]) -> set[Says | None]:
    return {signal.says for signal in signals}


# Values


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("DMI-UNSPECIFIED", None),
        ("DMI-ALLOWED", Says.YES),
        ("DMI-PROHIBITED-AIMLTRAINING", Says.NO),
        ("DMI-PROHIBITED-GENAIMLTRAINING", Says.NO),
        ("DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING", Says.NO),
        ("DMI-PROHIBITED", Says.NO),
        ("DMI-PROHIBITED-SEECONSTRAINT", Says.CONDITIONAL),
        ("DMI-PROHIBITED-SEECONSTRAINTS", Says.CONDITIONAL),
        ("DMI-PROHIBITED-SEEEMBEDDEDRIGHTSEXPR", Says.CONDITIONAL),
        ("DMI-PROHIBITED-SEELINKEDRIGHTSEXPR", Says.CONDITIONAL),
        ("DMI-PROHIBITED-ANYTHINGNEW", Says.NO),
        ("DMI-SOMETHINGNEW", Says.CONDITIONAL),
        ("Prohibited for AI/ML training", Says.NO),
        ("Allowed", Says.YES),
    ],
)
def test_every_value_of_plus_data_mining_is_known(value: str, says: Says | None) -> None:
    assert values.data_mining(value) == says
    assert values.data_mining(f"{PLUS}{value}" if value.startswith("DMI") else value) == says


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("trainedAlgorithmicMedia", Says.AI_OUTPUT),
        ("compositeWithTrainedAlgorithmicMedia", Says.AI_OUTPUT),
        ("compositeSynthetic", Says.AI_OUTPUT),
        ("algorithmicMedia", None),
        ("digitalCapture", None),
        ("digitalArt", None),
    ],
)
def test_a_source_type_tells_whether_a_model_made_the_work(code: str, says: Says | None) -> None:
    assert values.digital_source_type(SOURCE_TYPE + code) == says


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("noai", Says.NO),
        ("noindex, NoImageAI", Says.NO),
        ("googlebot: noai", Says.NO),
        ('<meta name="robots" content="noai, noimageai">', Says.NO),
        ("noindex, nofollow", None),
        ("index, follow", None),
        ("mosaic", None),
    ],
)
def test_robots_directives_are_read_as_tags_and_headers_write_them(value: str, says: Says | None) -> None:
    assert values.robots_directives(value) == says


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("train-ai=n", Says.NO),
        ("search=y, train-ai=n", Says.NO),
        ("train-genai=n", Says.NO),
        ("train-ai=y", Says.YES),
        ("train-ai=y, bots=n", Says.NO),
        ("train-ai=?", None),
        ("train-ai=maybe", Says.CONDITIONAL),
        ("search=n", None),
    ],
)
def test_preferences_of_aipref_are_read(value: str, says: Says | None) -> None:
    assert values.content_usage(value) == says


def test_content_signals_are_read() -> None:
    assert values.content_signal("search=yes, ai-train=no") == Says.NO
    assert values.content_signal("search=no,ai-train=yes") == Says.YES
    assert values.content_signal("search=yes, ai-input=no") is None


@pytest.mark.parametrize("consent", ["denied", "withdrawn", "a word of another program"])
def test_a_consent_that_is_no_yes_is_a_no(consent: str) -> None:
    signal = consent_signal(consent)

    assert signal is not None
    assert signal.says is Says.NO


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"tdm-reservation": "1"}, {Says.NO}),
        ({"TDM_Reservation": "1", "tdm policy": "https://a.example/p"}, {Says.CONDITIONAL}),
        ({"tdm-reservation": "0"}, {Says.YES}),
        ({"tdm-reservation": "2"}, {Says.CONDITIONAL}),
        ({"tdm-policy": "https://a.example/p"}, {Says.CONDITIONAL}),
        ({"noai": "1"}, {Says.NO}),
        ({"noai": "true"}, {Says.NO}),
        ({"noimageai": "noimageai"}, {Says.NO}),
        ({"noai": "0"}, {None}),
        ({"noai": "perhaps"}, {Says.CONDITIONAL}),
        ({"X-Robots-Tag": "noai"}, {Says.NO}),
        ({"robots": "noimageai"}, {Says.NO}),
        ({"plus:DataMining": "DMI-PROHIBITED"}, {Says.NO}),
        ({"digital source type": "trainedAlgorithmicMedia"}, {Says.AI_OUTPUT}),
        ({"content-usage": "train-ai=n"}, {Says.NO}),
        ({"licence_as_written": "CC BY, but no AI"}, {Says.NO}),
        ({"licence_as_written": "as agreed"}, {Says.CONDITIONAL}),
        ({"colour": "noai"}, set()),
    ],
)
def test_columns_of_the_table_speak(columns: dict[str, str], says: set[Says | None]) -> None:
    assert said(table_signals(columns)) == says


def test_a_signal_survives_its_record() -> None:
    signal = Signal(source=Source.XMP, statement="plus:DataMining", value="x" * 999 + "\0", says=Says.NO, where="a\0b")

    assert Signal.from_record(signal.record()) == signal
    assert len(signal.value) == 300
    assert "\0" not in f"{signal.value}{signal.where}"


# XMP in files


@pytest.mark.parametrize("file_format", FORMATS)
def test_xmp_is_found_in_every_format(file_format: str) -> None:
    (signal,) = xmp_signals(with_xmp(image(), file_format, NO))

    assert (signal.source, signal.statement, signal.says) == (Source.XMP, "plus:DataMining", Says.NO)


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_file_without_xmp_says_nothing(file_format: str) -> None:
    target = io.BytesIO()
    image().save(target, file_format)

    assert xmp_signals(target.getvalue()) == ()


@pytest.mark.parametrize("file_format", [each for each in FORMATS if each != "GIF"])  # Pillow looks into no GIF
def test_what_these_tests_write_another_reader_finds_too(file_format: str) -> None:
    data = with_xmp(image(), file_format, NO)

    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        assert b"DMI-PROHIBITED" in opened.info["xmp"]


@pytest.mark.parametrize(
    "data",
    [
        with_xmp(picture(0).image(), "PNG", NO, compressed=True),
        raw_profile(picture(0).image(), NO),
        after_the_pixels(with_xmp(picture(0).image(), "PNG", packet()), NO),
        extended(with_xmp(picture(0).image(), "JPEG", packet()), NO),
    ],
    ids=["compressed", "ImageMagick", "behind the pixels", "extended"],
)
def test_xmp_is_found_where_it_is_hidden(data: bytes) -> None:
    assert Says.NO in said(xmp_signals(data))


@pytest.mark.parametrize(
    "xmp",
    [
        packet(attributes=f'plus:DataMining="{PLUS}DMI-PROHIBITED"'),
        packet(f'<plus:DataMining rdf:resource="{PLUS}DMI-PROHIBITED"/>'),
        packet(f"<plus:DataMining><rdf:Bag><rdf:li>{PLUS}DMI-PROHIBITED</rdf:li></rdf:Bag></plus:DataMining>"),
        packet(
            f'<plus:DataMining rdf:parseType="Resource"><rdf:value>{PLUS}DMI-PROHIBITED</rdf:value></plus:DataMining>'
        ),
        packet("<plus:DataMining> <!-- a remark --> DMI-PRO<![CDATA[HIBITED]]></plus:DataMining>"),
        packet("<plus:DataMining>DMI-&#80;ROHIBITED</plus:DataMining>"),
        mining("DMI-ALLOWED") + mining("DMI-PROHIBITED"),
        packet("<tdm:reservation>1</tdm:reservation>"),
    ],
    ids=["attribute", "resource", "bag", "value", "pieces", "references", "second packet", "TDMRep"],
)
def test_a_property_is_read_in_every_form(xmp: bytes) -> None:
    assert Says.NO in said(xmp_signals(with_xmp(image(), "JPEG", xmp)))


def test_xmp_tells_of_ai_output() -> None:
    xmp = packet(f"<Iptc4xmpExt:DigitalSourceType>{SOURCE_TYPE}trainedAlgorithmicMedia</Iptc4xmpExt:DigitalSourceType>")

    assert said(xmp_signals(with_xmp(image(), "PNG", xmp))) == {Says.AI_OUTPUT}


@pytest.mark.parametrize(
    "broken",
    [
        NO.replace(b"</rdf:Description>", b""),
        NO[: NO.index(b"</rdf:RDF>")],
        NO.replace(b"<x:xmpmeta", b'<!DOCTYPE x [<!ENTITY a "DMI">]><x:xmpmeta'),
        NO.replace(b"plus:", b"unbound:", 1),
        NO.replace(b"<rdf:RDF", b"<rdf:RDF>" * 300 + b"<rdf:RDF"),
    ],
    ids=["unclosed", "cut off", "document type", "no namespace", "deep"],
)
def test_a_no_in_broken_xmp_is_still_a_no(broken: bytes) -> None:
    assert Says.NO in said(xmp_signals(with_xmp(image(), "JPEG", broken)))


def test_ai_output_in_broken_xmp_is_still_told() -> None:
    whole = packet(
        f"<Iptc4xmpExt:DigitalSourceType>{SOURCE_TYPE}trainedAlgorithmicMedia</Iptc4xmpExt:DigitalSourceType>"
    )
    broken = whole.replace(b"</rdf:Description>", b"")

    assert said(xmp_signals(with_xmp(image(), "JPEG", broken))) == {Says.AI_OUTPUT, Says.CONDITIONAL}


def test_a_document_type_is_refused_before_it_is_read() -> None:
    with pytest.raises(Exception, match="declares a document type"):
        read_properties(b'<!DOCTYPE x [<!ENTITY a "b">]>' + packet("<plus:DataMining>&a;</plus:DataMining>")[70:])


def test_a_yes_in_broken_xmp_is_no_yes() -> None:
    broken = mining("DMI-ALLOWED").replace(b"</rdf:Description>", b"")
    signals = xmp_signals(with_xmp(image(), "JPEG", broken))

    assert said(signals) == {Says.CONDITIONAL}
    assert [is_unreadable(signal) for signal in signals] == [True]


def test_entities_are_refused_before_they_grow() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        f'<!ENTITY {name} "{f"&{last};" * 10}">'.encode() for last, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    inside = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + bomb + b"]><a>&i;</a></x:xmpmeta>rdf-syntax-ns#"
    begin = time.perf_counter()

    assert said(xmp_signals(inside)) == {Says.CONDITIONAL}
    assert time.perf_counter() - begin < 1


def test_very_many_packets_are_not_read_for_ever() -> None:
    assert Says.CONDITIONAL in said(xmp_signals(mining("DMI-ALLOWED") * 1000))


@given(st.binary(max_size=300), st.integers(0, len(NO)), st.integers(0, len(NO)))
def test_no_bytes_make_the_reader_fail_or_say_yes(noise: bytes, start: int, end: int) -> None:
    signals = xmp_signals(NO[:start] + noise + NO[end:])

    assert Says.YES not in said(signals)


# Sidecars


@pytest.mark.parametrize("name", ["boat.xmp", "boat.png.xmp", "BOAT.XMP"])
def test_a_sidecar_speaks_of_its_picture(tmp_path: Path, name: str) -> None:
    save(tmp_path / "art" / name, NO)
    around = Surroundings(tmp_path)

    assert said(around.signals("art/boat.png")) == {Says.NO}
    assert around.signals("art/bowl.png") == ()
    assert around.signals("boat.png") == ()


def test_a_sidecar_in_utf16_is_read(tmp_path: Path) -> None:
    path = save(tmp_path / "a.xmp", NO.decode().encode("utf-16"))

    assert Says.NO in said(sidecar_signals(path, where="a.xmp"))


@pytest.mark.parametrize("content", [b"", b"no XMP", b"<x:xmpmeta broken", b"\xff\xfe<"])
def test_a_sidecar_that_cannot_be_read_is_no_yes(tmp_path: Path, content: bytes) -> None:
    path = save(tmp_path / "a.xmp", content)

    assert said(sidecar_signals(path, where="a.xmp")) == {Says.CONDITIONAL}


# robots.txt and ai.txt


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/", "/a.png", True),
        ("/fish", "/fish.html", True),
        ("/fish", "/Fish", False),
        ("/fish*", "/fishheads/y.html", True),
        ("/fish/", "/fish", False),
        ("/*.php", "/folder/any.php.file.html", True),
        ("/*.php$", "/folder/any.php", True),
        ("/*.php$", "/any.php5", False),
        ("/fish*.php", "/fishheads/catfish.php?x", True),
        ("/a%20b", "/a b", True),
        ("/a%2Ab", "/a*b", True),
        ("/a%2Ab", "/axb", False),
        ("/a*a$", "/a", False),
        ("a.png", "/a.png", True),
        ("*.jpg", "/x/y.jpg", True),
    ],
)
def test_paths_fit_as_rfc_9309_says(pattern: str, path: str, fits: bool) -> None:
    assert Pattern.read(pattern).fits(path.encode()) == fits


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    pattern = Pattern.read("/" + "*a" * 5000 + "$")
    begin = time.perf_counter()

    assert not pattern.fits(b"/" + b"a" * 4000 + b"b")
    assert time.perf_counter() - begin < 1


def around(folder: Path, name: str, text: str) -> Surroundings:
    save(folder / name, text.encode())
    return Surroundings(folder)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("User-agent: GPTBot\nDisallow: /", {Says.NO}),
        ("user-agent: gptbot/1.0  # OpenAI\r\ndisallow: /art/", {Says.NO}),
        ("User-agent: *\nDisallow: /", {Says.NO}),
        ("User-agent: Googlebot\nDisallow: /", set()),
        ("User-agent: *\nDisallow:\n\nUser-agent: CCBot\nDisallow: /", {Says.NO}),
        ("User-agent: CCBot\nUser-agent: Googlebot\nDisallow: /art", {Says.NO}),
        ("User-agent: *\nDisallow: /art/\nAllow: /art/a.png", set()),
        ("User-agent: *\nDisallow: /private/", set()),
        ("User-agent: GPTBot\nDisallow: /other\nUser-agent: *\nAllow: /", set()),
        ("User-agent: *\nAllow: /\nContent-Usage: / train-ai=n", {Says.NO}),
        ("User-agent: *\nContent-Usage: / train-ai=n\nContent-Usage: /art/ train-ai=y", {Says.YES}),
        ("User-agent: ExampleBot\nContent-Usage: / train-ai=y", set()),
        ("User-Agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /", {Says.NO}),
        ("Content-Signal: ai-train=no", {Says.NO}),
        ("\ufeffUser-agent: *\nDisallow: /", {Says.NO}),
        ("", set()),
        ("<html>not found</html>", set()),
    ],
)
def test_robots_txt_closes_paths_to_those_who_gather(tmp_path: Path, text: str, says: set[Says]) -> None:
    assert said(around(tmp_path, "robots.txt", text).signals("art/a.png")) == says


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("User-Agent: *\nDisallow: *.png\nDisallow: *.jpg", {Says.NO}),
        ("User-Agent: *\nDisallow: /\nDisallow: *", {Says.NO}),
        ("User-Agent: *\nAllow: *.png\nDisallow: /", {Says.YES}),
        ("User-Agent: *\nAllow: *.PNG\nDisallow: *.png", {Says.NO}),
        ("User-Agent: SomeBot\nDisallow: /", {Says.NO}),
        ("User-Agent: *\nDisallow: *.pdf", set()),
        ("please do not", {Says.CONDITIONAL}),
    ],
)
def test_ai_txt_speaks_of_kinds_of_files(tmp_path: Path, text: str, says: set[Says]) -> None:
    assert said(around(tmp_path, "ai.txt", text).signals("art/A.png")) == says


# TDMRep


@pytest.mark.parametrize("place", ["tdmrep.json", ".well-known/tdmrep.json"])
@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ('[{"location": "/", "tdm-reservation": 1}]', {Says.NO}),
        ('[{"location": "/", "tdm-reservation": "1"}]', {Says.NO}),
        ('[{"location": "/art/*.jpg", "tdm-reservation": 1}]', set()),
        ('[{"location": "/art/*.png$", "tdm-reservation": 1, "tdm-policy": "https://a.example"}]', {Says.CONDITIONAL}),
        ('[{"location": "/art/", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}]', {Says.YES}),
        ('[{"location": "/", "tdm-reservation": 1}, {"location": "/art/", "tdm-reservation": 0}]', {Says.NO}),
        ('[{"location": "/", "tdm-reservation": 7}]', {Says.CONDITIONAL}),
        ('[{"location": "/"}]', {Says.CONDITIONAL}),
        ('{"rules": 3}', {Says.CONDITIONAL}),
        ("[" * 100_000, {Says.CONDITIONAL}),
        ("not JSON", {Says.CONDITIONAL}),
    ],
)
def test_tdmrep_reserves_paths(tmp_path: Path, place: str, rules: str, says: set[Says]) -> None:
    assert said(around(tmp_path, place, rules).signals("art/a.png")) == says


def test_files_of_a_mirrored_site_speak_of_what_is_below_them_alone(tmp_path: Path) -> None:
    save(tmp_path / "a.example" / "robots.txt", b"User-agent: *\nDisallow: /art/")
    surroundings = Surroundings(tmp_path)

    assert said(surroundings.signals("a.example/art/a.png")) == {Says.NO}
    assert surroundings.signals("b.example/art/a.png") == ()


def test_whoever_reads_one_folder_of_a_site_hears_the_site(tmp_path: Path) -> None:
    save(tmp_path / "robots.txt", b"User-agent: *\nDisallow: /art/")
    (tmp_path / "art").mkdir()
    (signal,) = Surroundings(tmp_path / "art").signals("a.png")

    assert (signal.says, signal.where) == (Says.NO, "../robots.txt, line 2")
