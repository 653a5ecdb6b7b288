"""What a generated picture's own metadata say of how it was made: program, prompt, seed, model. All of it claimed.

Nothing in a stranger's file may cost more than bounded time and memory, and nothing in it raises: what cannot be
understood is kept as the text that it is, shortened where it is long, and the record says so.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from provenance.collect.parameters_claims import RAW_LIMIT, Claims, Draft, recordable_text
from provenance.collect.parameters_comfyui import read_comfyui
from provenance.collect.parameters_flat import read_flat
from provenance.collect.parameters_invokeai import read_invokeai
from provenance.collect.parameters_text import embedded_texts
from provenance.collect.parameters_webui import read_webui

__all__ = ["Claims", "parameters_of_texts", "read_parameters"]

_READERS: tuple[Callable[[Mapping[str, str]], Draft | None], ...] = (
    read_invokeai,
    read_comfyui,
    read_flat,
    read_webui,
)
"""Each knows the texts of its program and leaves the others alone; the first that understands them is taken."""

_TELLING = frozenset(
    {
        *("parameters", "prompt", "workflow", "invokeai_metadata", "invokeai_workflow", "invokeai_graph"),
        *("sd-metadata", "Sd-metadata", "Dream", "dream", "sui_image_params", "fooocus_scheme"),
        *("Comment", "Software", "Description", "Title", "Source", "UserComment", "generation_data"),
    }
)
"""The names of texts that are kept as they are; others (colour profiles, dates) say nothing of the making."""


def read_parameters(source: Path | bytes) -> Claims | None:
    """Read what the file at `source`, or these bytes, say of how they were made; None if they say nothing.

    PNG text chunks (tEXt, zTXt, iTXt, and the `comf` chunks of animations), EXIF of PNG, JPEG, WebP, TIFF and AVIF.
    Understood are A1111, Forge and SD.Next, ComfyUI, InvokeAI (three formats), Fooocus, SwarmUI and NovelAI.
    Raises OSError only if there is no such file.
    """
    data = source if isinstance(source, bytes) else source.read_bytes()
    texts, notes = embedded_texts(data)
    return parameters_of_texts(texts, notes=notes)


def parameters_of_texts(texts: Mapping[str, str], *, notes: tuple[str, ...] = ()) -> Claims | None:
    """Read the same from texts by their name in the file; `notes` say what was cut while they were read."""
    told = {name: text for name, text in texts.items() if name in _TELLING and text.strip()}
    draft = next((found for reader in _READERS if (found := reader(told)) is not None), None)
    if draft is None:
        if not ({"parameters", "UserComment"} & set(told)):
            return None
        draft = Draft(program=None)
    raw: dict[str, str] = {}
    for name, text in told.items():
        raw[name], changed = recordable_text(text, RAW_LIMIT)
        notes += tuple(f"The text {name!r} {what}." for what in changed)
    return draft.claims(raw, notes)
