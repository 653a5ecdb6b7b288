"""What InvokeAI writes: `invokeai_metadata` now, `sd-metadata` and `Dream` before."""

import re
from collections.abc import Mapping

from provenance.collect.parameters_claims import LORA_LIMIT, Draft, plain_text
from provenance.collect.parameters_json import items, mapping, parsed

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_DREAM = {"s": "steps", "S": "seed", "C": "guidance", "A": "sampler"}
_OPTION = re.compile(r"(?:^|\s)-(\w+)[ =]?([^\s]+)")
_DREAM_LIMIT = 50_000


def read_invokeai(texts: Mapping[str, str]) -> Draft | None:
    """Read InvokeAI's texts; None if there are none of its own."""
    if found := mapping(parsed(texts.get("invokeai_metadata"))):
        return _now(found)
    if found := mapping(parsed(texts.get("sd-metadata") or texts.get("Sd-metadata"))):
        return _before(found)
    dream = texts.get("Dream") or texts.get("dream")
    return _dream(dream[:_DREAM_LIMIT]) if dream else None


def _now(found: Mapping[str, object]) -> Draft:
    model = mapping(found.get("model"))
    fields = {
        "program_version": found.get("app_version"),
        "prompt": found.get("positive_prompt"),
        "negative_prompt": found.get("negative_prompt"),
        "seed": found.get("seed"),
        "steps": found.get("steps"),
        "scheduler": found.get("scheduler"),
        "guidance": found.get("cfg_scale"),
        "model": _name(model),
        "model_hash": model.get("hash") or model.get("model_hash"),
        "size": _size(found),
    }
    kept = ("generation_mode", "rand_device", "strength", "clip_skip", "vae")
    more = {name: _name(mapping(found[name])) or found[name] for name in kept if name in found}
    return Draft(program="InvokeAI", fields=fields, loras=_loras(found), more=more)


def _name(model: Mapping[str, object]) -> object:
    return model.get("name") or model.get("model_name")


def _loras(found: Mapping[str, object]) -> list[str]:
    named = []
    for each in items(found.get("loras"))[:LORA_LIMIT]:
        lora = mapping(each)
        name = plain_text(_name(mapping(lora.get("model") or lora.get("lora"))))
        if name:
            named.append(" ".join(filter(None, [name, plain_text(lora.get("weight"))])))
    return named


def _before(found: Mapping[str, object]) -> Draft:
    image = mapping(found.get("image"))
    prompt = image.get("prompt")
    if isinstance(prompt, list):
        prompt = " ".join(filter(None, (plain_text(mapping(each).get("prompt")) for each in prompt[:LORA_LIMIT])))
    positive, negative = _parted(prompt if isinstance(prompt, str) else "")
    fields = {
        "program_version": found.get("app_version"),
        "prompt": positive,
        "negative_prompt": negative,
        "seed": image.get("seed"),
        "steps": image.get("steps"),
        "sampler": image.get("sampler"),
        "guidance": image.get("cfg_scale"),
        "model": found.get("model_weights"),
        "model_hash": found.get("model_hash"),
        "size": _size(image),
    }
    return Draft(program="InvokeAI", fields=fields)


def _dream(text: str) -> Draft | None:
    closing = text.rfind('"')
    if not text.startswith('"') or closing <= 0:
        return None
    positive, negative = _parted(text[1:closing])
    options = {name: value for name, value in _OPTION.findall(text[closing + 1 :])}  # noqa: C416
    fields: dict[str, object] = {"prompt": positive, "negative_prompt": negative}
    fields |= {known: options.pop(name) for name, known in _DREAM.items() if name in options}
    if "W" in options and "H" in options:
        fields["size"] = f"{options.pop('W')}x{options.pop('H')}"
    return Draft(program="InvokeAI", fields=fields, more=dict(options))


def _parted(prompt: str) -> tuple[str, str]:
    """Take the parts in square brackets out: that is how the negative prompt was written once."""
    prompt = prompt[:_DREAM_LIMIT]
    negative = ", ".join(part.strip(" ,") for part in _BRACKETS.findall(prompt) if part.strip(" ,"))
    return " ".join(_BRACKETS.sub(" ", prompt).split()), negative


def _size(found: Mapping[str, object]) -> str | None:
    width, height = plain_text(found.get("width")), plain_text(found.get("height"))
    return f"{width}x{height}" if width and height else None
