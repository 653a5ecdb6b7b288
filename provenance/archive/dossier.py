"""Everything that the archive knows of an artwork, in the shape of an export record, before disclosure."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from provenance.archive.detail import Detail, show
from provenance.archive.lineage import lineage
from provenance.archive.past import datasets_record, works_record
from provenance.words import Making, Truth, making_of

if TYPE_CHECKING:
    from provenance.archive.archive import Archive


def dossier(archive: "Archive", uid: str) -> dict[str, Any]:
    """Gather the record of an artwork; `docs/export-record.md` describes the keys."""
    detail = show(archive, uid)
    history = _history(archive, detail)
    record: dict[str, Any] = {
        "artwork": _artwork(archive, detail, history),
        "people": _people(history),
        "edits": _edits(history),
        "lineage": _lineage(archive, uid),
        "checks": _checks(detail),
        "tool": {"name": "prov", "version": version("provenance-archive")},
    }
    if history[-1].run is not None:
        record["run"] = _run(history[-1].run)
    if history[-1].imported is not None:
        record["brought_in"] = _brought_in(history[-1].imported)
    if detail.manifest is not None:
        record["manifest"] = {
            "label": detail.manifest["label"],
            "signed_at": detail.manifest["signed_at"],
            "clock": "own",
            "signer": detail.manifest["signer"],
        }
    if detail.reproductions:
        record["reproduction"] = dict(detail.reproductions[-1])
    return record


def making(archive: "Archive", detail: Detail) -> Making:
    """Tell how an artwork was made, from the beginning of its history."""
    return _making(_history(archive, detail))


def _making(history: Sequence[Detail]) -> Making:
    by_model = any(each.edit["model"] for each in history if each.edit is not None)
    return making_of(history[-1].source_type, by_person=len(history) > 1, by_model=by_model)


def _artwork(archive: "Archive", detail: Detail, history: Sequence[Detail]) -> dict[str, Any]:
    return {
        "id": detail.uid,
        "title": detail.title,
        "seed": detail.seed,
        "parameters": dict(detail.parameters),
        "width": detail.width,
        "height": detail.height,
        "media_type": "image/png",
        "source_type": detail.source_type,
        "making": _making(history).value,
        # What was brought in says itself how it was made, and nobody knows when; what we generated we saw.
        **({"making_truth": Truth.CLAIMED.value} if history[-1].imported is not None else {}),
        **({"made_at": detail.made_at.isoformat()} if detail.imported is None else {}),
        "file_digest": detail.file_digest,
        "pixels_digest": detail.pixels_digest,
        **_credit(archive),
    }


def _credit(archive: "Archive") -> dict[str, str]:
    """Give what the settings say of the rights in everything that leaves."""
    rights, licence = archive.settings.rights, archive.settings.licence
    key = "licence_url" if licence.startswith(("http://", "https://")) else "licence"
    return {name: text for name, text in (("rights", rights), (key, licence)) if text}


def _history(archive: "Archive", detail: Detail) -> list[Detail]:
    """Give the artwork and all that it was edited from, back to the one that was generated."""
    history = [detail]
    while (edit := history[-1].edit) is not None:
        history.append(show(archive, edit["parent"]))
    return history


def _people(history: Sequence[Detail]) -> list[dict[str, Any]]:
    """Name the maker of the first artwork and everybody who edited it: all of them made what is there now."""
    names = [each.by for each in reversed(history) if each.by]
    return [{"name": name, "role": "creator", "credited": True} for name in dict.fromkeys(names)]


def _run(run: Mapping[str, Any]) -> dict[str, Any]:
    model = run["model"]
    return {
        "id": run["uid"],
        "engine": {
            "name": model["engine"],
            "version": run["parameters"].get("engine_version", model["version"]),
            "distribution": model["distribution"],
        },
        "model": {key: model[key] for key in ("uid", "name", "version", "digest", "digest_of", "licence")},
        "seed": run["seed"],
        "prompt": run["prompt"],
        "parameters": run["parameters"],
        "environment": run["environment"],
        "started_at": run["started_at"],
        "outcome": run["outcome"],
    }


def _brought_in(imported: Mapping[str, Any]) -> dict[str, Any]:
    """Tell of the file that the first artwork came as; all that it says of itself is claimed."""
    return {
        "name": imported["name"],
        "at": imported["imported_at"],
        "program": {"value": imported["program"], "truth": Truth.CLAIMED.value},
        "claims": {name: value for name, value in imported["claims"].items() if name != "raw"},
        "manifest": {"state": imported["manifest_state"], "label": imported["manifest_label"]},
        "received_digest": imported["received_digest"],
    }


def _edits(history: Sequence[Detail]) -> list[dict[str, Any]]:
    """List the edits that led to the artwork, the latest first."""
    edits: list[dict[str, Any]] = []
    for here in history:
        if here.edit is None:
            continue
        copied = ("actions", "tool", "note", "parent", "by", "evidence")
        edit = {key: here.edit[key] for key in copied}
        share = {"value": here.edit["changed_share"], "truth": Truth.CHECKED.value}
        edits.append(edit | {"artwork": here.uid, "at": here.made_at.isoformat(), "changed_share": share})
    return edits


def _lineage(archive: "Archive", uid: str) -> dict[str, Any]:
    found = lineage(archive, uid)
    parents = {relative.uid: relative for relative in (found.subject, *found.relatives)}
    steps = [step for step in found.steps if parents[step.parent].kind != "work"]
    works = [relative for relative in found.relatives if relative.kind == "work"]
    return {
        "parents": [
            {
                "id": step.parent,
                "kind": parents[step.parent].kind,
                "role": step.role,
                "truth": step.truth,
                "name": parents[step.parent].label,
            }
            for step in steps
            if parents[step.parent].kind != "contributor"
        ],
        "datasets": datasets_record(archive, found),
        "works": works_record(archive, [work.uid for work in works]),
        "complete": found.complete,
    }


def _checks(detail: Detail) -> list[dict[str, Any]]:
    checks: list[dict[str, Any]] = [
        {"check": finding.check, "severity": finding.severity, "sentence": finding.sentence}
        for finding in detail.findings
    ]
    compared = {"check": "similarity", "compared": detail.works_compared, "of": detail.works_known}
    return [compared, *checks]
