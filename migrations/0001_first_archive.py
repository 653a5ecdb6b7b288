"""The first archive: nodes, edges, works, runs, artworks, checks, manifests, exports."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
number = sa.Double().with_variant(sa.REAL(), "sqlite")


def upgrade() -> None:
    """Go to this schema."""
    op.create_table(
        "archive",
        sa.Column("id", big, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("created_at", big, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_archive_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive")),
        sqlite_strict=True,
    )
    op.create_table(
        "blob",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size", big, nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("stored_at", big, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_blob")),
        sqlite_strict=True,
    )
    op.create_table(
        "dataset",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", big, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
        sa.UniqueConstraint("name", name=op.f("uq_dataset_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "environment",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_environment")),
        sa.UniqueConstraint("digest", name=op.f("uq_environment_digest")),
        sqlite_strict=True,
    )
    op.create_table(
        "identity",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=True),
        sa.Column("not_before", big, nullable=False),
        sa.Column("not_after", big, nullable=False),
        sa.Column("recorded_at", big, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_identity_fingerprint")),
        sqlite_strict=True,
    )
    op.create_table(
        "node",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("uid", sa.Text(collation="C").with_variant(sa.Text(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", big, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_node")),
        sa.UniqueConstraint("uid", name=op.f("uq_node_uid")),
        sqlite_strict=True,
    )
    op.create_table(
        "contributor",
        sa.Column("id", big, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["node.id"], name=op.f("fk_contributor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contributor")),
        sa.UniqueConstraint("name", name=op.f("uq_contributor_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "dataset_version",
        sa.Column("id", big, autoincrement=False, nullable=False),
        sa.Column("dataset_id", big, nullable=False),
        sa.Column("number", big, nullable=False),
        sa.Column("merkle_root", sa.Text(), nullable=False),
        sa.Column("works", big, nullable=False),
        sa.Column("added_at", big, nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_dataset_version_dataset_id")),
        sa.ForeignKeyConstraint(["id"], ["node.id"], name=op.f("fk_dataset_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_version")),
        sa.UniqueConstraint("dataset_id", "number", name=op.f("uq_dataset_version_dataset_id_number")),
        sqlite_strict=True,
    )
    op.create_table(
        "edge",
        sa.Column("child_id", big, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("parent_id", big, nullable=False),
        sa.Column("truth", sa.Text(), nullable=False),
        sa.CheckConstraint("truth IN ('claimed', 'checked', 'reproduced')", name=op.f("ck_edge_truth")),
        sa.ForeignKeyConstraint(["child_id"], ["node.id"], name=op.f("fk_edge_child_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["node.id"], name=op.f("fk_edge_parent_id")),
        sa.PrimaryKeyConstraint("child_id", "role", "parent_id", name=op.f("pk_edge")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_edge_parent_id_role_child_id"), "edge", ["parent_id", "role", "child_id"], unique=False)

    op.create_table(
        "fingerprint",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("node_id", big, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("codes", sa.LargeBinary(), nullable=False),
        sa.Column("quality", number, nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_fingerprint_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fingerprint")),
        sa.UniqueConstraint("node_id", "method", name=op.f("uq_fingerprint_node_id_method")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_fingerprint_method_id"), "fingerprint", ["method", "id"], unique=False)

    op.create_table(
        "manifest",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("node_id", big, nullable=False),
        sa.Column("identity_id", big, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("store_digest", sa.Text(), nullable=False),
        sa.Column("store_size", big, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("signed_at", big, nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_manifest_identity_id")),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_manifest_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manifest")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_manifest_label"), "manifest", ["label"], unique=False)
    op.create_index(op.f("ix_manifest_node_id"), "manifest", ["node_id"], unique=False)

    op.create_table(
        "model",
        sa.Column("id", big, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("distribution", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("digest_of", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["node.id"], name=op.f("fk_model_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_model_name"), "model", ["name"], unique=False)

    op.create_table(
        "work",
        sa.Column("id", big, autoincrement=False, nullable=False),
        sa.Column("file_digest", sa.Text(), nullable=False),
        sa.Column("pixels_digest", sa.Text(), nullable=False),
        sa.Column("file_size", big, nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("width", big, nullable=False),
        sa.Column("height", big, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("creator", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("series", sa.Text(), nullable=True),
        sa.Column("subjects", sa.Text(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("extra", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["node.id"], name=op.f("fk_work_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_work_creator"), "work", ["creator"], unique=False)
    op.create_index(op.f("ix_work_file_digest"), "work", ["file_digest"], unique=False)
    op.create_index(op.f("ix_work_pixels_digest"), "work", ["pixels_digest"], unique=False)

    op.create_table(
        "run",
        sa.Column("id", big, autoincrement=False, nullable=False),
        sa.Column("model_id", big, nullable=False),
        sa.Column("environment_id", big, nullable=False),
        sa.Column("seed", sa.Text(), nullable=True),
        sa.Column("prompt", sa.Text(), nullable=True),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("wanted", big, nullable=True),
        sa.Column("started_at", big, nullable=False),
        sa.ForeignKeyConstraint(["environment_id"], ["environment.id"], name=op.f("fk_run_environment_id")),
        sa.ForeignKeyConstraint(["id"], ["node.id"], name=op.f("fk_run_id")),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_run_model_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_run_model_id"), "run", ["model_id"], unique=False)

    op.create_table(
        "skipped_file",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("version_id", big, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["dataset_version.id"], name=op.f("fk_skipped_file_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skipped_file")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_skipped_file_version_id"), "skipped_file", ["version_id"], unique=False)

    op.create_table(
        "work_location",
        sa.Column("work_id", big, autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("seen_at", big, nullable=False),
        sa.ForeignKeyConstraint(["work_id"], ["work.id"], name=op.f("fk_work_location_work_id")),
        sa.PrimaryKeyConstraint("work_id", "path", name=op.f("pk_work_location")),
        sqlite_strict=True,
    )
    op.create_table(
        "artwork",
        sa.Column("id", big, autoincrement=False, nullable=False),
        sa.Column("run_id", big, nullable=True),
        sa.Column("position", big, nullable=False),
        sa.Column("making", sa.Text(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("width", big, nullable=False),
        sa.Column("height", big, nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("file_digest", sa.Text(), nullable=False),
        sa.Column("pixels_digest", sa.Text(), nullable=False),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.Column("made_at", big, nullable=False),
        sa.CheckConstraint("making IN ('generated', 'edited')", name=op.f("ck_artwork_making")),
        sa.ForeignKeyConstraint(["file_digest"], ["blob.digest"], name=op.f("fk_artwork_file_digest")),
        sa.ForeignKeyConstraint(["id"], ["node.id"], name=op.f("fk_artwork_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_artwork_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artwork")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_artwork_file_digest"), "artwork", ["file_digest"], unique=False)
    op.create_index(op.f("ix_artwork_pixels_digest"), "artwork", ["pixels_digest"], unique=False)
    op.create_index(op.f("ix_artwork_run_id"), "artwork", ["run_id"], unique=False)

    op.create_table(
        "run_end",
        sa.Column("run_id", big, autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("ended_at", big, nullable=False),
        sa.CheckConstraint(
            "outcome IN ('finished', 'failed', 'cancelled', 'interrupted')", name=op.f("ck_run_end_outcome")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_end_run_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run_end")),
        sqlite_strict=True,
    )
    op.create_table(
        "audit",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("artwork_id", big, nullable=False),
        sa.Column("checks", sa.Text(), nullable=False),
        sa.Column("works_compared", big, nullable=False),
        sa.Column("artworks_compared", big, nullable=False),
        sa.Column("audited_at", big, nullable=False),
        sa.ForeignKeyConstraint(["artwork_id"], ["artwork.id"], name=op.f("fk_audit_artwork_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_audit_artwork_id"), "audit", ["artwork_id"], unique=False)

    op.create_table(
        "edit",
        sa.Column("artwork_id", big, autoincrement=False, nullable=False),
        sa.Column("parent_id", big, nullable=False),
        sa.Column("contributor_id", big, nullable=False),
        sa.Column("actions", sa.Text(), nullable=False),
        sa.Column("tool", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("changed_share", number, nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("received_digest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["artwork_id"], ["artwork.id"], name=op.f("fk_edit_artwork_id")),
        sa.ForeignKeyConstraint(["contributor_id"], ["contributor.id"], name=op.f("fk_edit_contributor_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["artwork.id"], name=op.f("fk_edit_parent_id")),
        sa.ForeignKeyConstraint(["received_digest"], ["blob.digest"], name=op.f("fk_edit_received_digest")),
        sa.PrimaryKeyConstraint("artwork_id", name=op.f("pk_edit")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_edit_parent_id"), "edit", ["parent_id"], unique=False)

    op.create_table(
        "export",
        sa.Column("id", big, autoincrement=False, nullable=False),
        sa.Column("artwork_id", big, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("disclosure", sa.Text(), nullable=False),
        sa.Column("file_digest", sa.Text(), nullable=False),
        sa.Column("file_size", big, nullable=False),
        sa.Column("pixels_digest", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("exported_at", big, nullable=False),
        sa.CheckConstraint("disclosure IN ('minimal', 'public', 'full')", name=op.f("ck_export_disclosure")),
        sa.ForeignKeyConstraint(["artwork_id"], ["artwork.id"], name=op.f("fk_export_artwork_id")),
        sa.ForeignKeyConstraint(["id"], ["node.id"], name=op.f("fk_export_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_export_artwork_id"), "export", ["artwork_id"], unique=False)
    op.create_index(op.f("ix_export_file_digest"), "export", ["file_digest"], unique=False)
    op.create_index(op.f("ix_export_pixels_digest"), "export", ["pixels_digest"], unique=False)

    op.create_table(
        "rating",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("artwork_id", big, nullable=False),
        sa.Column("contributor_id", big, nullable=False),
        sa.Column("score", number, nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("rated_at", big, nullable=False),
        sa.ForeignKeyConstraint(["artwork_id"], ["artwork.id"], name=op.f("fk_rating_artwork_id")),
        sa.ForeignKeyConstraint(["contributor_id"], ["contributor.id"], name=op.f("fk_rating_contributor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_rating_artwork_id"), "rating", ["artwork_id"], unique=False)

    op.create_table(
        "reproduction",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("artwork_id", big, nullable=False),
        sa.Column("environment_id", big, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("pixels_digest", sa.Text(), nullable=False),
        sa.Column("largest_difference", big, nullable=True),
        sa.Column("differing_share", number, nullable=True),
        sa.Column("psnr", number, nullable=True),
        sa.Column("causes", sa.Text(), nullable=False),
        sa.Column("tried_at", big, nullable=False),
        sa.CheckConstraint(
            "verdict IN ('exact', 'equivalent', 'close', 'different')", name=op.f("ck_reproduction_verdict")
        ),
        sa.ForeignKeyConstraint(["artwork_id"], ["artwork.id"], name=op.f("fk_reproduction_artwork_id")),
        sa.ForeignKeyConstraint(["environment_id"], ["environment.id"], name=op.f("fk_reproduction_environment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reproduction")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_reproduction_artwork_id"), "reproduction", ["artwork_id"], unique=False)

    op.create_table(
        "finding",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("audit_id", big, nullable=False),
        sa.Column("artwork_id", big, nullable=False),
        sa.Column("check", sa.Text(), nullable=False),
        sa.Column("check_version", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("other_id", big, nullable=True),
        sa.CheckConstraint("severity IN ('inform', 'warn', 'block')", name=op.f("ck_finding_severity")),
        sa.ForeignKeyConstraint(["artwork_id"], ["artwork.id"], name=op.f("fk_finding_artwork_id")),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name=op.f("fk_finding_audit_id")),
        sa.ForeignKeyConstraint(["other_id"], ["node.id"], name=op.f("fk_finding_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_finding_artwork_id"), "finding", ["artwork_id"], unique=False)
    op.create_index(op.f("ix_finding_audit_id"), "finding", ["audit_id"], unique=False)

    op.create_table(
        "match",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("audit_id", big, nullable=False),
        sa.Column("artwork_id", big, nullable=False),
        sa.Column("other_id", big, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("distance", big, nullable=False),
        sa.Column("bits", big, nullable=False),
        sa.Column("orientation", big, nullable=False),
        sa.Column("flagged", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["artwork_id"], ["artwork.id"], name=op.f("fk_match_artwork_id")),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name=op.f("fk_match_audit_id")),
        sa.ForeignKeyConstraint(["other_id"], ["node.id"], name=op.f("fk_match_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_match_artwork_id"), "match", ["artwork_id"], unique=False)
    op.create_index(op.f("ix_match_audit_id"), "match", ["audit_id"], unique=False)
    op.create_index(op.f("ix_match_other_id_flagged"), "match", ["other_id", "flagged"], unique=False)


def downgrade() -> None:
    """Go back to the schema before."""
    op.drop_index(op.f("ix_match_other_id_flagged"), table_name="match")
    op.drop_index(op.f("ix_match_audit_id"), table_name="match")
    op.drop_index(op.f("ix_match_artwork_id"), table_name="match")

    op.drop_table("match")
    op.drop_index(op.f("ix_finding_audit_id"), table_name="finding")
    op.drop_index(op.f("ix_finding_artwork_id"), table_name="finding")

    op.drop_table("finding")
    op.drop_index(op.f("ix_reproduction_artwork_id"), table_name="reproduction")

    op.drop_table("reproduction")
    op.drop_index(op.f("ix_rating_artwork_id"), table_name="rating")

    op.drop_table("rating")
    op.drop_index(op.f("ix_export_pixels_digest"), table_name="export")
    op.drop_index(op.f("ix_export_file_digest"), table_name="export")
    op.drop_index(op.f("ix_export_artwork_id"), table_name="export")

    op.drop_table("export")
    op.drop_index(op.f("ix_edit_parent_id"), table_name="edit")

    op.drop_table("edit")
    op.drop_index(op.f("ix_audit_artwork_id"), table_name="audit")

    op.drop_table("audit")
    op.drop_table("run_end")
    op.drop_index(op.f("ix_artwork_run_id"), table_name="artwork")
    op.drop_index(op.f("ix_artwork_pixels_digest"), table_name="artwork")
    op.drop_index(op.f("ix_artwork_file_digest"), table_name="artwork")

    op.drop_table("artwork")
    op.drop_table("work_location")
    op.drop_index(op.f("ix_skipped_file_version_id"), table_name="skipped_file")

    op.drop_table("skipped_file")
    op.drop_index(op.f("ix_run_model_id"), table_name="run")

    op.drop_table("run")
    op.drop_index(op.f("ix_work_pixels_digest"), table_name="work")
    op.drop_index(op.f("ix_work_file_digest"), table_name="work")
    op.drop_index(op.f("ix_work_creator"), table_name="work")

    op.drop_table("work")
    op.drop_index(op.f("ix_model_name"), table_name="model")

    op.drop_table("model")
    op.drop_index(op.f("ix_manifest_node_id"), table_name="manifest")
    op.drop_index(op.f("ix_manifest_label"), table_name="manifest")

    op.drop_table("manifest")
    op.drop_index(op.f("ix_fingerprint_method_id"), table_name="fingerprint")

    op.drop_table("fingerprint")
    op.drop_index(op.f("ix_edge_parent_id_role_child_id"), table_name="edge")

    op.drop_table("edge")
    op.drop_table("dataset_version")
    op.drop_table("contributor")
    op.drop_table("node")
    op.drop_table("identity")
    op.drop_table("environment")
    op.drop_table("dataset")
    op.drop_table("blob")
    op.drop_table("archive")
