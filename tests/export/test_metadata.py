import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import PictureError, UsageError
from provenance.export.encode import FORMATS, Format, encode
from provenance.export.metadata import DATA_MINING, Metadata, clean, parse_packet, read_metadata, xmp_packet
from provenance.picture import Picture

PICTURE = Picture(np.full((9, 12, 3), 90, np.uint8))
WHOLE = Metadata(
    title="Night <crossing> & “more” ]]>",
    description="Two\nlines",
    creators=("Ada Lind", "Söhne & Co"),
    rights="© Ada Lind",
    usage_terms="CC-BY-SA-4.0",
    licence_url="https://creativecommons.org/licenses/by-sa/4.0/?a=1&b=\"2'",
    digital_source_type="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
    ai_system="nocturne",
    ai_system_version="2",
    ai_prompt="a paper glider",
    ai_prompt_writer="Ada Lind",
    data_mining="DMI-PROHIBITED-AIMLTRAINING",
    creator_tool="prov 0.1.0",
    created=datetime(2026, 11, 4, 14, 2, tzinfo=UTC),
    identifier="7f3a91",
    document_id="xmp.did:7f3a91",
    original_document_id="xmp.did:c2d804",
)
TEXT = st.text(max_size=40)


def cleaned(text: str | None) -> str | None:
    return clean(text) or None


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_back_what_was_written(kind: Format) -> None:
    assert read_metadata(encode(PICTURE, kind, xmp=xmp_packet(WHOLE))) == WHOLE


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_without_a_packet_has_no_metadata(kind: Format) -> None:
    assert read_metadata(encode(PICTURE, kind)) is None


@given(title=st.none() | TEXT, description=TEXT, creators=st.lists(TEXT, max_size=3), prompt=TEXT, url=TEXT, tool=TEXT)
def test_hostile_text_comes_back_as_text(
    title: str | None, description: str, creators: list[str], prompt: str, url: str, tool: str
) -> None:
    metadata = Metadata(
        title=title,
        description=description,
        creators=tuple(creators),
        ai_prompt=prompt,
        licence_url=url,
        creator_tool=tool,
    )

    assert parse_packet(xmp_packet(metadata)) == Metadata(
        title=cleaned(title),
        description=cleaned(description),
        creators=tuple(filter(None, map(clean, creators))),
        ai_prompt=cleaned(prompt),
        licence_url=cleaned(url),
        creator_tool=cleaned(tool),
    )


@given(st.text())
def test_a_packet_is_always_xml_in_utf8(text: str) -> None:
    ET.fromstring(xmp_packet(Metadata(title=text, licence_url=text)).decode().split("?>", 1)[1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x1b[31mc\x7f\x85", "ab[31mc"),
        ("user\u202egnp.exe\u202c", "usergnp.exe"),
        ("\u2066isolated\u2069", "isolated"),
        ("שלום \u200fعربي", "שלום \u200fعربي"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("\ud800\ufffe\ufeffx", "x"),
        (None, ""),
    ],
)
def test_text_is_cleaned_of_what_hides_and_of_nothing_else(text: str | None, expected: str) -> None:
    assert clean(text) == expected


def test_the_iptc_and_plus_names_are_those_of_the_standards() -> None:
    packet = xmp_packet(WHOLE).decode()

    for tag in ("AISystemUsed", "AISystemVersionUsed", "AIPromptInformation", "AIPromptWriterName"):
        assert f"<Iptc4xmpExt:{tag}>" in packet
    assert 'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"' in packet
    assert "<plus:DataMining>http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-AIMLTRAINING</plus:DataMining>" in packet
    assert '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>' in packet


def test_what_is_not_known_is_not_said() -> None:
    assert "AIPrompt" not in xmp_packet(Metadata(title="Dune")).decode()
    assert parse_packet(xmp_packet(Metadata())) == Metadata()


def test_properties_that_others_write_as_attributes_are_read() -> None:
    packet = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
        xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
        <rdf:Description rdf:about="" xmp:CreatorTool="Another 7" xmp:CreateDate="2026-11-04"/></rdf:RDF></x:xmpmeta>"""

    assert parse_packet(packet) == Metadata(creator_tool="Another 7")


@pytest.mark.parametrize(
    "packet",
    [b"<a>", b"", b"\xff\xfe<\0a\0/\0>\0", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"<!-- --><!DOCTYPE a><a/>"],
)
def test_a_packet_that_is_not_plain_xml_is_refused(packet: bytes) -> None:
    with pytest.raises(PictureError, match="The XMP packet"):
        parse_packet(packet)


def test_bytes_that_are_no_picture_are_refused() -> None:
    with pytest.raises(PictureError, match="cannot be read"):
        read_metadata(b"no picture")


@pytest.mark.parametrize("value", DATA_MINING)
def test_each_word_on_data_mining_is_kept(value: str) -> None:
    assert parse_packet(xmp_packet(Metadata(data_mining=value))).data_mining == value


def test_an_unknown_word_on_data_mining_is_refused() -> None:
    with pytest.raises(UsageError, match="'no' is not a value"):
        Metadata(data_mining="no")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(UsageError, match="has no time zone"):
        Metadata(created=datetime(2026, 11, 4))  # noqa: DTZ001
