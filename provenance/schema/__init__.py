"""The tables that are the domain: one class a word of ours. No queries here."""

from provenance.schema.base import Base
from provenance.schema.checks import Audit, Finding, Fingerprint, Match
from provenance.schema.files import Archive, Blob
from provenance.schema.lineage import Contributor, Edge, Kind, Node, Rating, Role
from provenance.schema.runs import Artwork, Edit, Environment, Model, Outcome, Reproduction, Run, RunEnd
from provenance.schema.signing import Export, Identity, Manifest
from provenance.schema.works import Dataset, DatasetVersion, SkippedFile, Work, WorkLocation

__all__ = [
    "Archive",
    "Artwork",
    "Audit",
    "Base",
    "Blob",
    "Contributor",
    "Dataset",
    "DatasetVersion",
    "Edge",
    "Edit",
    "Environment",
    "Export",
    "Finding",
    "Fingerprint",
    "Identity",
    "Kind",
    "Manifest",
    "Match",
    "Model",
    "Node",
    "Outcome",
    "Rating",
    "Reproduction",
    "Role",
    "Run",
    "RunEnd",
    "SkippedFile",
    "Work",
    "WorkLocation",
]
