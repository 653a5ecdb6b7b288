"""What single values of the vocabularies mean for training a generative model: yes, no, under conditions, AI output.

Sources: PLUS LDF "Data Mining" (http://ns.useplus.org/ldf/vocab/DMI-...), IPTC NewsCodes "Digital Source Type",
W3C Community Group report TDMRep of 10 May 2024, IETF drafts aipref-vocab and aipref-attach, contentsignals.org.
A value that is not in its vocabulary is never a yes: one that could be a prohibition is taken for conditions.
"""

import re
from enum import StrEnum
from typing import Final


class Says(StrEnum):
    """What a signal says about learning from a work."""

    YES = "yes"
    NO = "no"
    CONDITIONAL = "conditional"
    """It may be learnt from under terms that stand elsewhere, or what is said cannot be read."""
    AI_OUTPUT = "ai_output"
    """The work itself was made by a model, or partly."""


def data_mining(value: str) -> Says | None:
    """Read `plus:DataMining`, as the address of the vocabulary, its last part, or the label that people see."""
    code = value.strip().rstrip("/").rpartition("/")[2].upper()
    code = re.sub(r"[\s_]+", "-", code)
    if code in _DATA_MINING:
        return _DATA_MINING[code]
    # Labels ("Prohibited for AI/ML training") and values of a later vocabulary.
    return Says.NO if "PROHIBIT" in value.upper() else Says.CONDITIONAL


_DATA_MINING: Final = {
    "DMI-UNSPECIFIED": None,
    "DMI-ALLOWED": Says.YES,
    "ALLOWED": Says.YES,
    "DMI-PROHIBITED-AIMLTRAINING": Says.NO,
    "DMI-PROHIBITED-GENAIMLTRAINING": Says.NO,
    "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING": Says.NO,
    "DMI-PROHIBITED": Says.NO,
    "DMI-PROHIBITED-SEECONSTRAINT": Says.CONDITIONAL,
    "DMI-PROHIBITED-SEECONSTRAINTS": Says.CONDITIONAL,  # no value of PLUS, but often written so
    "DMI-PROHIBITED-SEEEMBEDDEDRIGHTSEXPR": Says.CONDITIONAL,
    "DMI-PROHIBITED-SEELINKEDRIGHTSEXPR": Says.CONDITIONAL,
}
"""PLUS LDF, property DataMining: every value of the vocabulary."""


def digital_source_type(value: str) -> Says | None:
    """Read `Iptc4xmpExt:DigitalSourceType`: whether a model made the work, or a part of it."""
    code = value.strip().rstrip("/").rpartition("/")[2]
    return Says.AI_OUTPUT if code.lower() in _BY_A_MODEL else None


_BY_A_MODEL: Final = {"trainedalgorithmicmedia", "compositewithtrainedalgorithmicmedia", "compositesynthetic"}
"""IPTC: created with, edited with, and composed with elements of generative AI."""


def reservation(value: str, *, policy: str | None = None) -> Says | None:
    """Read `tdm-reservation`; a reservation with a `policy` is one under conditions.

    Other values than 0 and 1 are protocol errors and count as unset by the report; here they are conditions,
    since whoever wrote one meant to say something.
    """
    text = value.strip().lower()
    if text in {"1", "true"}:
        return Says.CONDITIONAL if policy else Says.NO
    return Says.YES if text in {"0", "false"} else Says.CONDITIONAL


def flag(value: str) -> Says | None:
    """Read a column `noai` or `noimageai`: a yes to it is a no to learning."""
    text = value.strip().lower()
    if text in {"0", "false", "no", "n", "off", "none"}:
        return None
    known = {"1", "true", "yes", "y", "x", "on"}
    return Says.NO if text in known or names_no_ai(text) else Says.CONDITIONAL


def robots_directives(value: str) -> Says | None:
    """Read an `X-Robots-Tag` or the content of a robots `meta` element, whichever agent it is addressed to."""
    if names_no_ai(value):
        return Says.NO
    return _strictest(content_signal(value), content_usage(value))


def names_no_ai(text: str) -> bool:
    """Tell whether a text says `noai` or `noimageai`, or `no AI` as people write it."""
    return _NO_AI.search(text) is not None


_NO_AI: Final = re.compile(
    r"(?<![a-z])(?:no[\s_-]?(?:image[\s_-]?)?ai(?![a-z])"
    r"|(?:no|not|without)\b[^.;]{0,40}\b(?:ai|training|machine learning)\b)",
    re.IGNORECASE,
)


def content_usage(value: str) -> Says | None:
    """Read the preferences of an AIPREF `Content-Usage`, such as `train-ai=n`; labels of earlier drafts too."""
    return _preferences(value, says_no=_USAGE, says_yes={"train-ai"})


def content_signal(value: str) -> Says | None:
    """Read a `Content-Signal`, such as `search=yes, ai-train=no`."""
    return _preferences(value, says_no={"ai-train"}, says_yes={"ai-train"})


_USAGE: Final = {"train-ai", "train-genai", "genai", "ai", "tdm", "bots", "all"}
"""`train-ai` of the present draft, the rest of earlier ones, each of which covers the training of a generator."""

_PREFERENCE: Final = re.compile(r"(?<![\w-])([a-z][a-z0-9-]{0,30})\s*=\s*\"?([a-z]+)\b", re.IGNORECASE)


def _preferences(value: str, *, says_no: set[str], says_yes: set[str]) -> Says | None:
    found: list[Says | None] = []
    for label, answer in _PREFERENCE.findall(value):
        name, said = label.lower(), answer.lower()
        if name in says_no and said in {"n", "no"}:
            found.append(Says.NO)
        elif name in says_yes:
            found.append(Says.YES if said in {"y", "yes"} else Says.CONDITIONAL)
    return _strictest(*found)


def _strictest(*said: Says | None) -> Says | None:
    return next((each for each in (Says.NO, Says.CONDITIONAL, Says.YES) if each in said), None)
