"""What a model's card, its files and its place say of its past: claims of strangers, cut to what can be recorded.

Read are the front matter of README.md (Hugging Face model cards), `modelspec.*` (Stability AI's model metadata 1.0)
and kohya's `ss_*` in the header of safetensors files, and the names that the Hugging Face cache gives to files.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from provenance.digest import Json

_CARD = "README.md"
_LONGEST_CARD = 1 << 20
_LONGEST_FRONT = 1 << 16
_LONGEST_TEXT = 2_000
_LONGEST_JSON = 1 << 22
_MOST = 50
_MOST_VALUES = 2_000
_DEEPEST = 6

_CARD_KEYS = (
    *("license", "license_name", "license_link", "datasets", "base_model", "base_model_relation", "instance_prompt"),
    *("library_name", "pipeline_tag", "tags", "language", "model_name", "author", "authors", "new_version"),
)
_KOHYA_KEYS = frozenset(
    {
        *("ss_sd_model_name", "ss_sd_model_hash", "ss_new_sd_model_hash", "ss_base_model_version", "ss_vae_name"),
        *("ss_vae_hash", "ss_new_vae_hash", "ss_output_name", "ss_dataset_dirs", "ss_reg_dataset_dirs", "ss_datasets"),
        *("ss_tag_frequency", "ss_num_train_images", "ss_num_reg_images", "ss_training_started_at", "ss_session_id"),
        *("ss_training_finished_at", "ss_training_comment", "ss_network_module", "ss_network_dim", "ss_network_alpha"),
        *("ss_resolution", "ss_num_epochs", "ss_epoch", "ss_steps", "ss_max_train_steps", "ss_seed", "ss_optimizer"),
        *("ss_learning_rate", "ss_sd_scripts_commit_hash", "sshs_model_hash", "sshs_legacy_hash"),
    }
)
_FRONT = re.compile(r"\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_REPOSITORY = re.compile(r"models--(.+)")


def read_card(folder: Path) -> dict[str, Json]:
    """Read the model card in `folder`; empty if there is none, or if it says nothing that we keep."""
    try:
        with (folder / _CARD).open("rb") as file:
            text = file.read(_LONGEST_CARD).decode("utf-8", "replace")
    except OSError:
        return {}
    return card_claims(text)


def card_claims(text: str) -> dict[str, Json]:
    """Read the front matter of a model card: licence, datasets, base model, ...

    What cannot be read as YAML, and all of it where PyYAML is not installed, is kept as the text that it is.
    """
    found = _FRONT.match(text)
    if found is None or not found[1].strip():
        return {}
    if len(found[1]) > _LONGEST_FRONT:
        return {"unread": _text(found[1])}
    said = _yaml(found[1])
    if not isinstance(said, Mapping):
        return {"unread": _text(found[1])}
    budget = _Budget()
    kept = {name: budget.plain(said[name]) for name in _CARD_KEYS if said.get(name) is not None}
    return {name: value for name, value in kept.items() if value not in ("", "~", "null", [], {})}


def file_claims(metadata: Mapping[str, str]) -> dict[str, Json]:
    """Keep what the header of a weights file says of its past: `modelspec.*` and kohya's `ss_*`."""
    kept: dict[str, Json] = {}
    for name in sorted(metadata):
        known = name in _KOHYA_KEYS or (name.startswith("modelspec.") and name != "modelspec.thumbnail")
        if known and len(kept) < _MOST * 2 and len(name) <= 100:
            kept[_text(name)] = _frequent(metadata[name]) if name == "ss_tag_frequency" else _value(metadata[name])
    return kept


def cache_claims(folder: Path, files: Iterable[Path]) -> dict[str, Json]:
    """Read what the Hugging Face cache calls `folder` and its files: repository, revision, digests.

    Its digests are names that somebody gave: a blob may be named by its SHA-256 (64 digits) or as git does (40).
    One link is followed and no further: behind it a newer cache has names of the same form that are no SHA-256.
    """
    parts = folder.absolute().parts
    place = next((i for i, part in enumerate(parts) if part == "snapshots" and 0 < i < len(parts) - 1), None)
    repository = None if place is None else _REPOSITORY.fullmatch(parts[place - 1])
    if place is None or repository is None:
        return {}
    named = {path.relative_to(folder).as_posix(): _blob_name(path) for path in files}
    return {
        "repository": _text(repository[1].replace("--", "/")),
        "revision": _text(parts[place + 1]),
        "files": {_text(name): blob for name, blob in sorted(named.items()) if blob is not None},
    }


def _blob_name(path: Path) -> str | None:
    if not path.is_symlink():
        return None
    target = Path(os.readlink(path))  # noqa: PTH115  (one link: Path.resolve would follow all)
    if target.parent.name != "blobs" or re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", target.name) is None:
        return None
    return ("sha256:" if len(target.name) == 64 else "git-sha1:") + target.name


def _yaml(text: str) -> object:
    try:
        import yaml  # type: ignore[import-untyped]
    except ImportError:
        return None
    try:
        # The base loader makes texts, lists and mappings only; the safe one lets merge keys grow without bound.
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError):
        return None


class _Budget:
    """Writes foreign values as JSON, not too deep and not too many: aliases can make a small text endless."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def plain(self, value: Any, depth: int = 0) -> Json:  # noqa: ANN401  (whatever YAML or JSON holds)
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            return "..."
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int) and abs(value) < 1 << 53:
            return value
        if isinstance(value, list | tuple | set):
            return [self.plain(each, depth + 1) for each in list(value)[:_MOST]]
        if isinstance(value, Mapping):
            return {_text(name): self.plain(each, depth + 1) for name, each in list(value.items())[:_MOST]}
        return _text(value)


def _value(text: str) -> Json:
    """Read a value of a header: JSON objects and lists as such, all else as text."""
    if text[:1] in {"{", "["} and len(text) <= _LONGEST_JSON:
        try:
            return _Budget().plain(json.loads(text))
        except (ValueError, RecursionError):
            pass
    return _text(text)


def _frequent(text: str) -> Json:
    """Keep the most frequent tags of each folder of training pictures."""
    try:
        said = json.loads(text) if len(text) <= _LONGEST_JSON else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        return _text(text)
    return {_text(folder): _most(tags) for folder, tags in list(said.items())[:_MOST] if isinstance(tags, dict)}


def _most(tags: Mapping[str, object]) -> dict[str, Json]:
    counted = [(tag, number) for tag, number in tags.items() if type(number) is int and abs(number) < 1 << 53]
    return {_text(tag): number for tag, number in sorted(counted, key=lambda pair: (-pair[1], pair[0]))[:_MOST]}


def _text(value: object) -> str:
    """Write a value as text that databases can hold, and not more of it than people read."""
    try:
        text = str(value)
    except ValueError:  # a number of more digits than Python prints
        return "..."
    shown = text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}..."
    return shown.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
