"""Programs that write their settings as one flat JSON object: Fooocus, SwarmUI, NovelAI."""

from collections.abc import Mapping, Sequence

from provenance.collect.parameters_claims import Draft, plain_text
from provenance.collect.parameters_json import items, mapping, parsed

_NAMES: Mapping[str, Sequence[str]] = {
    "prompt": ("prompt", "Prompt"),
    "negative_prompt": ("negative_prompt", "negativeprompt", "uc", "Negative Prompt"),
    "seed": ("seed", "Seed"),
    "steps": ("steps", "Steps"),
    "sampler": ("sampler",),
    "scheduler": ("scheduler", "noise_schedule"),
    "guidance": ("guidance_scale", "cfgscale", "scale", "cfg_scale"),
    "model": ("base_model", "model"),
    "model_hash": ("base_model_hash",),
    "program_version": ("version", "swarm_version"),
}
"""What each field is called by one of them."""


def read_flat(texts: Mapping[str, str]) -> Draft | None:
    """Read such a text; None if there is none."""
    for name in ("parameters", "UserComment"):
        found = mapping(parsed(texts.get(name)))
        swarm = mapping(found.get("sui_image_params"))
        if swarm:
            return _draft("SwarmUI", swarm)
        if found and ("fooocus_scheme" in texts or "base_model" in found or "refiner_model" in found):
            return _draft("Fooocus", found)
    if texts.get("Software") == "NovelAI":
        found = mapping(parsed(texts.get("Comment")))
        return _draft("NovelAI", {"prompt": texts.get("Description"), "base_model": texts.get("Source"), **found})
    return None


def _draft(program: str, found: Mapping[str, object]) -> Draft:
    fields = {
        field: next((found[name] for name in names if plain_text(found.get(name))), None)
        for field, names in _NAMES.items()
    }
    width, height = plain_text(found.get("width")), plain_text(found.get("height"))
    if width and height:
        fields["size"] = f"{width}x{height}"
    known = {name for names in _NAMES.values() for name in names} | {"width", "height", "loras"}
    more = {name: value for name, value in found.items() if name not in known and plain_text(value)}
    return Draft(program=program, fields=fields, loras=_loras(found.get("loras")), more=more)


def _loras(value: object) -> list[str]:
    named = []
    for each in items(value):
        parts = items(each) or [each]
        named.append(" ".join(filter(None, map(plain_text, parts[:2]))))
    return [name for name in named if name]
