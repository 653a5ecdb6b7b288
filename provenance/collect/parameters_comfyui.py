"""What ComfyUI writes: `prompt`, the graph that was run, as its API takes it; `workflow`, the same as drawn.

A graph is {id: {"class_type": ..., "inputs": {name: value or [id, output]}}}. Nodes are made by anybody, so the
names of their inputs are what is understood: from the sampler that the saved picture comes from, links are
followed to seed, model and texts. A link may lead in a circle, and a graph may be huge: every walk has a budget.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from provenance.collect.parameters_claims import LORA_LIMIT, Draft, plain_text
from provenance.collect.parameters_json import mapping, parsed

_NODES = 20_000
_STEPS = 5_000
_TEXTS = 40
"""Nodes of a graph, nodes that one walk looks at, and texts that are joined to one prompt."""

_SEEDS = ("seed", "noise_seed")
_TEXT_INPUTS = ("text", "text_g", "text_l", "t5xxl", "clip_l", "prompt", "positive_prompt", "string", "value")
_MODEL_INPUTS = ("ckpt_name", "unet_name", "model_name", "gguf_name", "base_ckpt_name")
_NO_TEXT_BEHIND = frozenset(
    {
        *("clip", "model", "vae", "image", "images", "pixels", "latent", "latent_image"),
        *("samples", "mask", "control_net", "clip_vision", "style_model"),
    }
)
"""Inputs behind which no text of the prompt is found."""
_SIDES = {"positive": "negative", "negative": "positive"}


def read_comfyui(texts: Mapping[str, str]) -> Draft | None:
    """Read the graph in `prompt`; None if there is none."""
    nodes = mapping(parsed(texts.get("prompt")))
    graph = _Graph({str(name): mapping(node) for name, node in list(nodes.items())[:_NODES]})
    if not any("class_type" in node for node in graph.nodes.values()):
        return Draft(program="ComfyUI") if mapping(parsed(texts.get("workflow"))).get("nodes") else None
    samplers = graph.samplers()
    if not samplers:
        return Draft(program="ComfyUI")
    fields, loras = _fields(graph, samplers[0])
    more: dict[str, object] = {"nodes": len(graph.nodes), "samplers": len(samplers)}
    return Draft(program="ComfyUI", fields=fields, loras=loras, more=more)


@dataclass(slots=True)
class _Graph:
    nodes: dict[str, Mapping[str, object]]
    budget: int = field(default=4 * _STEPS)

    def inputs(self, node: str) -> Mapping[str, object]:
        return mapping(self.nodes.get(node, {}).get("inputs"))

    def kind(self, node: str) -> str:
        return plain_text(self.nodes.get(node, {}).get("class_type")) or ""

    def link(self, value: object) -> str | None:
        """Give the node that an input is linked to."""
        if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str | int):
            return str(value[0]) if str(value[0]) in self.nodes else None
        return None

    def walk(self, start: str, leave: frozenset[str] = frozenset(), side: str | None = None) -> Iterator[str]:
        """Give nodes from `start` upwards, nearest first, each once; inputs named in `leave` are not followed.

        Where a node has both a positive and a negative input, only that of `side` is.
        """
        seen, waiting = {start}, deque([start])
        while waiting and self.budget > 0:
            self.budget -= 1
            node = waiting.popleft()
            yield node
            inputs = self.inputs(node)
            skipped = leave | ({_SIDES[side]} if side in inputs and side is not None else frozenset())
            for name, value in list(inputs.items())[:_STEPS]:
                target = self.link(value)
                if target is not None and target not in seen and name not in skipped:
                    seen.add(target)
                    waiting.append(target)

    def samplers(self) -> list[str]:
        """List the samplers, the one nearest to a saved picture first."""
        found = dict.fromkeys(node for node in self.nodes if self._samples(node))
        used = {target for node in self.nodes for value in self.inputs(node).values() if (target := self.link(value))}
        ends = [node for node in self.nodes if node not in used]
        ends.sort(key=lambda node: "Save" not in self.kind(node))
        for end in ends[:20]:
            nearest = next((node for node in self.walk(end) if node in found), None)
            if nearest is not None:
                return [nearest, *(node for node in found if node != nearest)]
        return list(found)

    def _samples(self, node: str) -> bool:
        inputs = self.inputs(node)
        conditioned = "positive" in inputs or "guider" in inputs or "conditioning" in inputs
        return conditioned and ("Sampler" in self.kind(node) or any(name in inputs for name in ("steps", "sigmas")))

    def value(self, node: str, names: Sequence[str], *, leave: frozenset[str] = frozenset()) -> str | None:
        """Find the first plain value among `names`, at the node or behind it."""
        for each in self.walk(node, leave):
            inputs = self.inputs(each)
            for name in names:
                if (text := plain_text(inputs.get(name))) is not None:
                    return text
        return None

    def linked_value(self, node: str, names: Sequence[str]) -> str | None:
        """Find a plain value among `names` of this node, or the one that such an input is linked to."""
        inputs = self.inputs(node)
        for name in names:
            if (text := plain_text(inputs.get(name))) is not None:
                return text
            target = self.link(inputs.get(name))
            if target is not None and (text := self.value(target, (*names, "value", "int", "Value"))) is not None:
                return text
        return None


def _fields(graph: _Graph, sampler: str) -> tuple[dict[str, object], list[str]]:
    parts = _parts(graph, sampler)
    found: dict[str, object] = {}
    for name, inputs in _PLAIN.items():
        values = (graph.linked_value(part, inputs) for part in parts)
        found[name] = next((value for value in values if value is not None), None)
    for name, side in (("prompt", "positive"), ("negative_prompt", "negative")):
        found[name] = _texts(graph, parts, side)
    found["model"], loras = _model(graph, parts)
    found["size"] = _size(graph, sampler)
    return found, loras


_PLAIN: Mapping[str, Sequence[str]] = {
    "seed": _SEEDS,
    "steps": ("steps",),
    "sampler": ("sampler_name",),
    "scheduler": ("scheduler",),
    "guidance": ("cfg", "guidance"),
}


def _parts(graph: _Graph, sampler: str) -> list[str]:
    """List the sampler and the nodes that it is put together from, in newer graphs."""
    inputs = graph.inputs(sampler)
    linked = [graph.link(inputs.get(name)) for name in ("noise", "guider", "sampler", "sigmas")]
    return [sampler, *(node for node in linked if node is not None)]


def _texts(graph: _Graph, parts: Sequence[str], side: str) -> str | None:
    starts = (graph.inputs(part).get(side) for part in parts)
    start = next((node for value in starts if (node := graph.link(value)) is not None), None)
    if start is None and side == "positive":
        guiders = (graph.link(graph.inputs(part).get("conditioning")) for part in parts)
        start = next((node for node in guiders if node is not None), None)
    if start is None:
        return None
    texts: dict[str, None] = {}
    for node in graph.walk(start, _NO_TEXT_BEHIND, side):
        inputs = graph.inputs(node)
        texts.update(dict.fromkeys(text for name in _TEXT_INPUTS if (text := _own_text(inputs.get(name)))))
        if len(texts) >= _TEXTS:
            break
    return "\n".join(texts) or None


def _own_text(value: object) -> str | None:
    return plain_text(value) if isinstance(value, str) else None


def _model(graph: _Graph, parts: Sequence[str]) -> tuple[str | None, list[str]]:
    """Find the model behind the sampler, and the adapters on the way to it."""
    links = (graph.link(graph.inputs(part).get("model")) for part in parts)
    start = next((node for node in links if node is not None), None)
    loras: list[str] = []
    for node in graph.walk(start, frozenset({"clip", "vae"})) if start is not None else ():
        inputs = graph.inputs(node)
        lora = _own_text(inputs.get("lora_name"))
        if lora and len(loras) < LORA_LIMIT:
            loras.append(" ".join(filter(None, [lora, plain_text(inputs.get("strength_model"))])))
        name = next((text for key in _MODEL_INPUTS if (text := _own_text(inputs.get(key)))), None)
        if name and not lora:
            return name, loras
    return None, loras


def _size(graph: _Graph, sampler: str) -> str | None:
    inputs = graph.inputs(sampler)
    start = graph.link(inputs.get("latent_image") or inputs.get("latent") or inputs.get("samples"))
    if start is None:
        return None
    width, height = graph.linked_value(start, ("width",)), graph.linked_value(start, ("height",))
    return f"{width}x{height}" if width and height else None
