"""Audits have evidence: features to compare by, what people decided, calibrations, audits of models."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
number = sa.Double().with_variant(sa.REAL(), "sqlite")


def upgrade() -> None:
    """Go to this schema."""
    op.create_table(
        "feature",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("node_id", big, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_feature_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feature")),
        sa.UniqueConstraint("node_id", "method", name=op.f("uq_feature_node_id_method")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_feature_method_id"), "feature", ["method", "id"], unique=False)
    op.create_table(
        "judgement",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("finding_id", big, nullable=True),
        sa.Column("artwork_id", big, nullable=False),
        sa.Column("other_id", big, nullable=True),
        sa.Column("check", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("contributor_id", big, nullable=False),
        sa.Column("statement_digest", sa.Text(), nullable=False),
        sa.Column("manifest_digest", sa.Text(), nullable=False),
        sa.Column("decided_at", big, nullable=False),
        sa.CheckConstraint("decision IN ('accepted', 'disputed', 'dismissed')", name=op.f("ck_judgement_decision")),
        sa.ForeignKeyConstraint(["artwork_id"], ["artwork.id"], name=op.f("fk_judgement_artwork_id")),
        sa.ForeignKeyConstraint(["contributor_id"], ["contributor.id"], name=op.f("fk_judgement_contributor_id")),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"], name=op.f("fk_judgement_finding_id")),
        sa.ForeignKeyConstraint(["manifest_digest"], ["blob.digest"], name=op.f("fk_judgement_manifest_digest")),
        sa.ForeignKeyConstraint(["other_id"], ["node.id"], name=op.f("fk_judgement_other_id")),
        sa.ForeignKeyConstraint(["statement_digest"], ["blob.digest"], name=op.f("fk_judgement_statement_digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgement")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_judgement_artwork_id_other_id"), "judgement", ["artwork_id", "other_id"], unique=False)
    op.create_table(
        "calibration",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("threshold", number, nullable=False),
        sa.Column("wanted", number, nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("calibrated_at", big, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration")),
        sqlite_strict=True,
    )
    op.create_table(
        "model_audit",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("model_id", big, nullable=False),
        sa.Column("check", sa.Text(), nullable=False),
        sa.Column("check_version", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("audited_at", big, nullable=False),
        sa.CheckConstraint("severity IN ('inform', 'warn', 'block')", name=op.f("ck_model_audit_severity")),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_model_audit_model_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_audit")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_model_audit_model_id"), "model_audit", ["model_id"], unique=False)


def downgrade() -> None:
    """Go back to the schema before: what it cannot hold goes; features can be made again."""
    op.drop_index(op.f("ix_model_audit_model_id"), table_name="model_audit")
    op.drop_table("model_audit")
    op.drop_table("calibration")
    op.drop_index(op.f("ix_judgement_artwork_id_other_id"), table_name="judgement")
    op.drop_table("judgement")
    op.drop_index(op.f("ix_feature_method_id"), table_name="feature")
    op.drop_table("feature")
