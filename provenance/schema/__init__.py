"""The tables that are the domain: one class a word of ours. No queries here."""

from provenance.schema.base import Base
from provenance.schema.checks import Audit, Calibration, Feature, Finding, Fingerprint, Judgement, Match, ModelAudit
from provenance.schema.files import Archive, Blob
from provenance.schema.lineage import Contributor, Edge, Kind, Node, Rating, Role
from provenance.schema.runs import Artwork, Edit, Environment, Import, Model, Outcome, Reproduction, Run, RunEnd
from provenance.schema.signing import Export, Identity, Manifest
from provenance.schema.training import ModelLocation, Training, TrainingEnd, Weights
from provenance.schema.works import (
    Dataset,
    DatasetVersion,
    Rights,
    Selection,
    SkippedFile,
    Withdrawal,
    Work,
    WorkLocation,
)

__all__ = [
    "Archive",
    "Artwork",
    "Audit",
    "Base",
    "Blob",
    "Calibration",
    "Contributor",
    "Dataset",
    "DatasetVersion",
    "Edge",
    "Edit",
    "Environment",
    "Export",
    "Feature",
    "Finding",
    "Fingerprint",
    "Identity",
    "Import",
    "Judgement",
    "Kind",
    "Manifest",
    "Match",
    "Model",
    "ModelAudit",
    "ModelLocation",
    "Node",
    "Outcome",
    "Rating",
    "Reproduction",
    "Rights",
    "Role",
    "Run",
    "RunEnd",
    "Selection",
    "SkippedFile",
    "Training",
    "TrainingEnd",
    "Weights",
    "Withdrawal",
    "Work",
    "WorkLocation",
]
