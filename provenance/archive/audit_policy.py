"""`prov audit policy`: the policy on findings, as it holds in an archive, and as a file to be edited."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.audit.policy_file import FILE_NAME, load_policy, parse_policy, preset_text
from provenance.errors import UsageError
from provenance.settings import write_file

if TYPE_CHECKING:
    from provenance.archive.archive import Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyText:
    """A policy on findings, as text."""

    text: str
    path: Path | None
    """The archive's own file; None for a shipped policy."""
    preset: str
    digest: str
    """What decisions record of it; comments and spaces do not change it."""


def audit_policy(archive: "Archive", preset: str | None = None) -> PolicyText:
    """Give the policy that holds in the archive, or the shipped one called `preset`. Raises UsageError."""
    path = archive.folder / FILE_NAME
    own = preset is None and path.exists()
    policy = load_policy(archive.folder) if own else parse_policy(preset_text(preset or "standard"))
    text = path.read_text(encoding="utf-8-sig") if own else preset_text(policy.preset)
    return PolicyText(text=text, path=path if own else None, preset=policy.preset, digest=str(policy.digest))


def write_audit_policy(archive: "Archive", preset: str | None = None) -> PolicyText:
    """Write a shipped policy into the archive, to be edited. Raises UsageError if the archive has one already."""
    path = archive.folder / FILE_NAME
    if path.exists():
        raise UsageError(f"{path} is there already. Edit it, or move it away first.")
    write_file(path, preset_text(preset or "standard"))
    return audit_policy(archive)
