"""The machine and the libraries, as a record that runs with the same ones share."""

import functools
import importlib.metadata
import platform
import sys
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.digest import Digest, Json
from provenance.settings import processors

_PIPELINES = ("diffusers", "transformers", "peft", "accelerate", "tokenizers", "huggingface-hub")
_LIBRARIES = ("provenance-archive", "torch", "numpy", "pillow", "scipy", "c2pa-python", "safetensors", *_PIPELINES)


def environment_record(device: str | None) -> dict[str, Json]:
    """Describe where a picture is made: what may change its pixels, and nothing about the person."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "libraries": dict(_versions()),
        "device": device or "cpu",
        **_torch_facts(device or "cpu"),
    }


def environment_id(session: Session, record: Mapping[str, Json]) -> int:
    """Find the row of an environment, or write it down."""
    digest = Digest.of_json(record).hex
    found = session.scalar(select(schema.Environment.id).where(schema.Environment.digest == digest))
    if found is not None:
        return found
    row = schema.Environment(digest=digest, record=dict(record))
    session.add(row)
    session.flush()
    return row.id


def worker_count(wanted: int) -> int:
    """Choose how many threads work behind the generator: what is wanted, or the cores less one, at most 4."""
    return wanted or max(1, min(4, processors() - 1))


@functools.cache
def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


@functools.cache
def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or "not known"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "not known")


def _torch_facts(device: str) -> dict[str, Json]:
    torch = sys.modules.get("torch")  # what has not been imported has not made a picture
    if torch is None or not hasattr(torch, "get_num_threads"):
        return {}
    facts: dict[str, Json] = {
        "threads": torch.get_num_threads(),
        "kernels": torch.backends.cpu.get_cpu_capability(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
    }
    if device.startswith("cuda") and torch.cuda.is_available():
        facts |= {"device_name": torch.cuda.get_device_name(device), "cuda": torch.version.cuda}
    return facts
