"""A run that nobody here watched: whoever brings pictures in says which model made them."""

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.environment import environment_id
from provenance.archive.models import model_facts, remember_model
from provenance.archive.runs import RunFacts, recordable, run_uid
from provenance.database import utc_now
from provenance.schema import Kind, Outcome, Role
from provenance.words import Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_MESSAGE = "Claimed by whoever brought the pictures in. When, where and how it ran is not recorded."


@dataclass(slots=True, kw_only=True)
class ClaimedRun:
    """A run of a model by name; its rows are written with the first picture that needs them."""

    uid: str
    facts: RunFacts
    written: bool = False

    @classmethod
    def of(cls, archive: "Archive", model: str, *, by: str | None, files: int) -> Self:
        """Describe the run. Raises UsageError for a name that cannot be recorded."""
        facts = RunFacts(
            model=model_facts(recordable(model, "name after --model") or "", None),
            seed=None,
            prompt=None,
            parameters={},
            wanted=files,
            by=by,
            device=None,
            inputs=(),
            ingredients=(),
            started_at=utc_now(),
            nonce=secrets.token_hex(16),
        )
        return cls(uid=run_uid(archive.uid, facts), facts=facts)

    def write(self, session: Session) -> None:
        """Add its rows, once. Every edge of it is claimed, and its environment is empty: it is not this machine's."""
        if self.written:
            return
        facts, at = self.facts, self.facts.started_at
        model_id = remember_model(session, facts.model, at)
        run_id = nodes.add_nodes(session, {self.uid: Kind.RUN}, at)[self.uid]
        session.add(
            schema.Run(
                id=run_id,
                model_id=model_id,
                environment_id=environment_id(session, {}),
                seed=None,
                prompt=None,
                parameters={},
                wanted=facts.wanted,
                started_at=at,
            )
        )
        session.flush()
        outcome = Outcome.FINISHED.value
        session.add(schema.RunEnd(run_id=run_id, outcome=outcome, message=_MESSAGE, ended_at=at))
        edges = [(run_id, Role.MODEL, model_id, Truth.CLAIMED)]
        if facts.by:
            people = nodes.contributors(session, [facts.by], at)
            edges.append((run_id, Role.BY, people[facts.by], Truth.CLAIMED))
        nodes.add_edges(session, edges)
        self.written = True
