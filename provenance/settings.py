"""What can be set: one file in the archive (`prov.toml`), then the environment, then flags; the last one wins."""

import dataclasses
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from provenance.errors import ArchiveError, UsageError

FILE_NAME = "prov.toml"
"""The settings file; an archive without it is half made."""

FORMAT = 1
"""The archive format that this program writes; a higher one in the file is refused."""


def _setting(default: Any, table: str, help_text: str, low: int | None = None, high: int | None = None) -> Any:  # noqa: ANN401
    return field(default=default, metadata={"table": table, "help": help_text, "low": low, "high": high})


def _line(method: str, bits: int) -> Any:  # noqa: ANN401
    """Make the setting of a fingerprint method: it is called like the method without its version."""
    help_text = f"Distance (of {bits}) up to which {method} flags; -1 takes the shipped value."
    return _setting(-1, "check", help_text, -1, bits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting with its default; the name in the file is `table.name`, in the environment `PROV_TABLE_NAME`."""

    url: str = _setting("", "database", "Where the records are: empty for SQLite in the archive, or postgresql://...")
    wait: int = _setting(
        30, "database", "Seconds that a writer waits for another program before it gives up.", 0, 86_400
    )
    identity: str = _setting("trial", "signing", "The name of the identity that signs.")
    anchors: str = _setting("", "signing", "PEM files of certificate authorities that you trust, separated by commas.")
    workers: int = _setting(0, "recorder", "Threads that encode, check and sign behind the generator; 0 chooses.", 0)
    queue: int = _setting(32, "recorder", "Pictures that may wait for them before the generator has to.", 1)
    batch: int = _setting(64, "recorder", "Pictures written in one transaction at most.", 1)
    compression: int = _setting(
        1, "recorder", "How hard PNG files are compressed: 0 quick and large, 9 slow, small.", 0, 9
    )
    nearest: int = _setting(3, "check", "Nearest works that are recorded for each artwork and method.", 0)
    phash8: int = _line("phash8_v1", 64)
    phash16: int = _line("phash16_v1", 256)
    dhash16: int = _line("dhash16_v1", 256)
    pdq: int = _line("pdq_v1", 256)
    rights: str = _setting("", "credit", "The rights notice of what leaves, such as: Copyright 2026 Ada Lind.")
    licence: str = _setting("", "credit", "The licence of what leaves: its SPDX name, or its address on the web.")
    purpose: str = _setting("", "credit", "What the artworks are for: commercial, non-commercial, or empty: not said.")
    pixels: int = _setting(1 << 28, "limits", "Pictures with more pixels than this are refused.", 1)
    face_detector: str = _setting(
        "", "audit", "A file of YuNet's weights (ONNX): with it skin tones are read from the faces in pictures."
    )
    bias_travels: str = _setting(
        "full", "audit", "Exports whose manifests tell the bias of the model, once audited: never, full, or public too."
    )
    embedding: str = _setting(
        "",
        "audit",
        "A TorchScript file of your own, such as SSCD's: its network too proposes works that may be copied.",
    )
    embedding_side: int = _setting(320, "audit", "Pixels a side of the squares that this network expects.", 32, 2048)

    @classmethod
    def load(cls, folder: Path, environment: Mapping[str, str] | None = None) -> Self:
        """Read the file in `folder`, then `environment` (the process's own if None).

        Raises ArchiveError when the file cannot be read, UsageError when a value is wrong.
        """
        values = _from_file(folder / FILE_NAME)
        values |= _from_environment(os.environ if environment is None else environment)
        return cls(**values)

    def anchor_paths(self) -> tuple[Path, ...]:
        """List the PEM files of `signing.anchors`."""
        return tuple(Path(name.strip()).expanduser() for name in self.anchors.split(",") if name.strip())

    def face_detector_path(self) -> Path | None:
        """Give the file of `audit.face_detector`; None where none is named."""
        return Path(self.face_detector.strip()).expanduser() if self.face_detector.strip() else None

    def embedding_path(self) -> Path | None:
        """Give the file of `audit.embedding`; None where none is named."""
        return Path(self.embedding.strip()).expanduser() if self.embedding.strip() else None


def processors() -> int:
    """Count the processors that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def environment_name(setting: "dataclasses.Field[Any]") -> str:
    """Name the environment variable of a setting."""
    return f"PROV_{setting.metadata['table']}_{setting.name}".upper()


def archive_format(folder: Path) -> int:
    """Read which format the archive in `folder` has. Raises ArchiveError when the file cannot be read."""
    number = _own(folder).get("format")
    if not isinstance(number, int) or isinstance(number, bool):
        message = f"{folder / FILE_NAME} does not say the archive's format. Put `format = {FORMAT}` under [archive]."
        raise ArchiveError(message)
    return number


def archive_uid(folder: Path) -> str | None:
    """Read the id of the archive in `folder`. Raises ArchiveError when the file cannot be read."""
    uid = _own(folder).get("uid")
    return uid if isinstance(uid, str) else None


def file_text(settings: Settings, uid: str) -> str:
    """Write the settings file of a new archive: what differs from the defaults, the rest as comments."""
    lines = ["# The settings of this prov archive. Lines that begin with # show the defaults.", ""]
    lines += ["[archive]", f"format = {FORMAT}", f'uid = "{uid}"']
    table = "archive"
    for setting in dataclasses.fields(settings):
        if setting.metadata["table"] != table:
            table = setting.metadata["table"]
            lines += ["", f"[{table}]"]
        value = getattr(settings, setting.name)
        mark = "# " if value == setting.default else ""
        lines += [f"# {setting.metadata['help']}", f"{mark}{setting.name} = {_toml(value)}"]
    return "\n".join(lines) + "\n"


def change(folder: Path, table: str, name: str, value: str | int) -> None:
    """Write one setting into the file and leave everything else in it as it is. Raises ArchiveError."""
    path = folder / FILE_NAME
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next((n for n, line in enumerate(lines) if line.strip() == f"[{table}]"), None)
    if start is None:
        lines += ["", f"[{table}]"]
        start = len(lines) - 1
    end = next((n for n in range(start + 1, len(lines)) if lines[n].lstrip().startswith("[")), len(lines))
    place = next((n for n in range(start + 1, end) if re.match(rf"\s*(#\s*)?{name}\s*=", lines[n])), None)
    text = f"{name} = {_toml(value)}"
    if place is None:
        lines.insert(start + 1, text)
    else:
        lines[place] = text
    write_file(path, "\n".join(lines) + "\n")


def write_file(path: Path, text: str) -> None:
    """Put a settings file in its place whole and at once. Raises ArchiveError."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as cause:
        message = f"{path} cannot be written: {cause.strerror}. Make room or check permissions, then call again."
        raise ArchiveError(message) from cause


def _own(folder: Path) -> dict[str, Any]:
    """Read the table that is about the archive itself."""
    own = _parse(folder / FILE_NAME).get("archive")
    return own if isinstance(own, dict) else {}


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as cause:
        message = f"The settings {path} cannot be read: {cause.strerror}."
        raise ArchiveError(message) from cause
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        message = f"The settings {path} are not valid TOML: {cause}. Correct the file, then call again."
        raise ArchiveError(message) from cause


def _from_file(path: Path) -> dict[str, Any]:
    known = {(f.metadata["table"], f.name): f for f in dataclasses.fields(Settings)}
    values: dict[str, Any] = {}
    for table, entries in _parse(path).items():
        if table == "archive":
            continue
        if not isinstance(entries, dict) or table not in {its for its, _ in known}:
            raise _unknown(path, table)
        for name, value in entries.items():
            if (table, name) not in known:
                raise _unknown(path, f"{table}.{name}")
            values[name] = _checked(known[table, name], value, f"{table}.{name} in {path}")
    return values


def _unknown(path: Path, name: str) -> UsageError:
    return UsageError(f"{path} sets {name}, which is not a setting. Take it out; docs/reference.md lists them all.")


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for setting in dataclasses.fields(Settings):
        name = environment_name(setting)
        if name in environment:
            values[setting.name] = _checked(setting, environment[name], f"The environment variable {name}")
    return values


def _checked(setting: "dataclasses.Field[Any]", value: object, where: str) -> object:
    kind: type[Any] = str if isinstance(setting.default, str) else int
    if kind is int and isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", value.strip()):
        value = int(value)  # from the environment, where everything is a text
    low, high = setting.metadata["low"], setting.metadata["high"]
    fits = type(value) is kind and (low is None or low <= value) and (high is None or value <= high)
    if not fits:
        span = f"from {low} to {high}" if high is not None else f"of at least {low}"
        wanted = "a text" if kind is str else f"a whole number {span}"
        message = f"{where} must be {wanted}; it is {value!r}."
        raise UsageError(message)
    return value


def _toml(value: object) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
