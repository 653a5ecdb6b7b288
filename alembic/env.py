"""Runs the migrations on the connection that the program passes in, or on a scratch archive for authors."""

from alembic import context
from sqlalchemy import create_engine

from provenance.schema import Base

connection = context.config.attributes.get("connection")


def _run(connection) -> None:  # noqa: ANN001
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=False,  # our decorated types differ in Python only
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


if connection is not None:
    _run(connection)
else:
    with create_engine("sqlite:///scratch.sqlite").begin() as scratch:
        _run(scratch)
