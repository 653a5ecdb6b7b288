"""What all tables share: column types that SQLite (STRICT) and PostgreSQL both keep faithfully.

Times are whole microseconds since 1970 in UTC. JSON is kept as canonical text, the same bytes in both
databases, so that a record can be digested again. Enumerations are texts with a CHECK.
"""

import json
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import REAL, BigInteger, CheckConstraint, Dialect, Double, Integer, MetaData, Text
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, TypeEngine

from provenance.digest import Json, canonical_json

BigInt: TypeEngine[int] = BigInteger().with_variant(Integer, "sqlite")
"""64 bits, signed."""

Number: TypeEngine[float] = Double().with_variant(REAL, "sqlite")
"""A float of 64 bits."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Base(DeclarativeBase):
    """The root of all tables; constraints are named by one rule so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Instant(TypeDecorator[datetime]):
    """A moment with its time zone in Python, microseconds since 1970 in the database."""

    impl = BigInt
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002, D102
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        return None if value is None else EPOCH + timedelta(microseconds=value)


class JsonText(TypeDecorator[Any]):
    """A JSON value, kept as canonical text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Json, dialect: Dialect) -> str | None:  # noqa: ARG002, D102
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002, D102
        return None if value is None else json.loads(value)


class Flag(TypeDecorator[bool]):
    """True or false, kept as 1 or 0."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:  # noqa: ARG002, D102, FBT001
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:  # noqa: ARG002, D102
        return None if value is None else bool(value)


def one_of(column: str, values: type[Enum]) -> CheckConstraint:
    """Allow only the values of an enumeration in `column`."""
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


STRICT = {"sqlite_strict": True}
"""Table options: SQLite refuses values of the wrong type."""
