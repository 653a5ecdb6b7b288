"""Models have a past: trainings, selections, weights, rights, withdrawals; pictures from elsewhere come in."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
number = sa.Double().with_variant(sa.REAL(), "sqlite")

_TWO = "making IN ('generated', 'edited')"
_THREE = "making IN ('generated', 'edited', 'imported')"


def upgrade() -> None:
    """Go to this schema."""
    _allow(_TWO, _THREE)
    op.create_table(
        "training",
        sa.Column("id", big, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("distribution", sa.Text(), nullable=False),
        sa.Column("code_digest", sa.Text(), nullable=False),
        sa.Column("environment_id", big, nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("preprocessing", sa.Text(), nullable=False),
        sa.Column("started_at", big, nullable=False),
        sa.ForeignKeyConstraint(["environment_id"], ["environment.id"], name=op.f("fk_training_environment_id")),
        sa.ForeignKeyConstraint(["id"], ["node.id"], name=op.f("fk_training_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_training_name"), "training", ["name"], unique=False)
    op.create_table(
        "model_location",
        sa.Column("model_id", big, autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("seen_at", big, nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_model_location_model_id")),
        sa.PrimaryKeyConstraint("model_id", "path", name=op.f("pk_model_location")),
        sqlite_strict=True,
    )
    op.create_table(
        "rights",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("work_id", big, nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("obligations", sa.Text(), nullable=False),
        sa.Column("signals", sa.Text(), nullable=False),
        sa.Column("policy_digest", sa.Text(), nullable=False),
        sa.Column("decided_at", big, nullable=False),
        sa.CheckConstraint("decision IN ('allowed', 'refused', 'unclear')", name=op.f("ck_rights_decision")),
        sa.ForeignKeyConstraint(["work_id"], ["work.id"], name=op.f("fk_rights_work_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_rights_work_id"), "rights", ["work_id"], unique=False)
    op.create_table(
        "selection",
        sa.Column("id", big, autoincrement=False, nullable=False),
        sa.Column("version_id", big, nullable=False),
        sa.Column("merkle_root", sa.Text(), nullable=False),
        sa.Column("works", big, nullable=False),
        sa.Column("withheld", big, nullable=False),
        sa.Column("policy_digest", sa.Text(), nullable=False),
        sa.Column("selected_at", big, nullable=False),
        sa.ForeignKeyConstraint(["id"], ["node.id"], name=op.f("fk_selection_id")),
        sa.ForeignKeyConstraint(["version_id"], ["dataset_version.id"], name=op.f("fk_selection_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selection")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_selection_version_id"), "selection", ["version_id"], unique=False)
    op.create_table(
        "training_end",
        sa.Column("training_id", big, autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("steps", big, nullable=False),
        sa.Column("seconds", number, nullable=False),
        sa.Column("metrics", sa.Text(), nullable=False),
        sa.Column("sessions", sa.Text(), nullable=False),
        sa.Column("history_digest", sa.Text(), nullable=True),
        sa.Column("sheet_digest", sa.Text(), nullable=True),
        sa.Column("ended_at", big, nullable=False),
        sa.CheckConstraint(
            "outcome IN ('finished', 'failed', 'cancelled', 'interrupted')", name=op.f("ck_training_end_outcome")
        ),
        sa.ForeignKeyConstraint(["history_digest"], ["blob.digest"], name=op.f("fk_training_end_history_digest")),
        sa.ForeignKeyConstraint(["sheet_digest"], ["blob.digest"], name=op.f("fk_training_end_sheet_digest")),
        sa.ForeignKeyConstraint(["training_id"], ["training.id"], name=op.f("fk_training_end_training_id")),
        sa.PrimaryKeyConstraint("training_id", name=op.f("pk_training_end")),
        sqlite_strict=True,
    )
    op.create_table(
        "weights",
        sa.Column("model_id", big, autoincrement=False, nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("file_digest", sa.Text(), nullable=True),
        sa.Column("size", big, nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("claims", sa.Text(), nullable=False),
        sa.Column("recorded_at", big, nullable=False),
        sa.ForeignKeyConstraint(["file_digest"], ["blob.digest"], name=op.f("fk_weights_file_digest")),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_weights_model_id")),
        sa.PrimaryKeyConstraint("model_id", name=op.f("pk_weights")),
        sqlite_strict=True,
    )
    op.create_table(
        "withdrawal",
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.Column("work_id", big, nullable=False),
        sa.Column("contributor_id", big, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("touched", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", big, nullable=False),
        sa.ForeignKeyConstraint(["contributor_id"], ["contributor.id"], name=op.f("fk_withdrawal_contributor_id")),
        sa.ForeignKeyConstraint(["work_id"], ["work.id"], name=op.f("fk_withdrawal_work_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawal")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_withdrawal_work_id"), "withdrawal", ["work_id"], unique=False)
    op.create_index(op.f("ix_edit_received_digest"), "edit", ["received_digest"], unique=False)
    op.create_table(
        "import",
        sa.Column("artwork_id", big, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("program", sa.Text(), nullable=True),
        sa.Column("claims", sa.Text(), nullable=False),
        sa.Column("manifest_state", sa.Text(), nullable=True),
        sa.Column("manifest_label", sa.Text(), nullable=True),
        sa.Column("received_digest", sa.Text(), nullable=False),
        sa.Column("imported_at", big, nullable=False),
        sa.ForeignKeyConstraint(["artwork_id"], ["artwork.id"], name=op.f("fk_import_artwork_id")),
        sa.ForeignKeyConstraint(["received_digest"], ["blob.digest"], name=op.f("fk_import_received_digest")),
        sa.PrimaryKeyConstraint("artwork_id", name=op.f("pk_import")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_import_received_digest"), "import", ["received_digest"], unique=False)


def downgrade() -> None:
    """Go back to the schema before. What the new tables hold is lost; imported artworks have to be gone."""
    op.drop_index(op.f("ix_edit_received_digest"), table_name="edit")
    op.drop_index(op.f("ix_import_received_digest"), table_name="import")
    op.drop_table("import")
    op.drop_index(op.f("ix_withdrawal_work_id"), table_name="withdrawal")
    op.drop_table("withdrawal")
    op.drop_table("weights")
    op.drop_table("training_end")
    op.drop_index(op.f("ix_selection_version_id"), table_name="selection")
    op.drop_table("selection")
    op.drop_index(op.f("ix_rights_work_id"), table_name="rights")
    op.drop_table("rights")
    op.drop_table("model_location")
    op.drop_index(op.f("ix_training_name"), table_name="training")
    op.drop_table("training")
    _allow(_THREE, _TWO)


def _allow(before: str, after: str) -> None:
    """Change which makings an artwork may have.

    SQLite would copy the largest table for it. Its manual ("Making Other Kinds Of Table Schema Changes", ALTER TABLE)
    changes the text of the schema instead where what is stored stays as it is, and so do we.
    """
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_artwork_making"), "artwork", type_="check")
        op.create_check_constraint(op.f("ck_artwork_making"), "artwork", after)
        return
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'artwork'", (before, after)
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")
