"""A single file becomes a work, as a dataset's files do, but in no dataset: read, judged and fingerprinted alike."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.archive import nodes
from provenance.archive.collect import Defaults, write_locations, write_works
from provenance.archive.gather import Gatherer, in_file
from provenance.collect.item import Refusal
from provenance.collect.policy import Policy, decide
from provenance.collect.read import collect
from provenance.collect.work import Work
from provenance.database import utc_now
from provenance.errors import PictureError
from provenance.fingerprint import fingerprint_all

if TYPE_CHECKING:
    from provenance.archive.archive import Archive


def record_work(archive: "Archive", path: Path, said: Defaults) -> Work:
    """Record the file at `path` as a work, with what is `said` of it, unless there is such a work already.

    Raises PictureError for what is no picture.
    """
    with collect(path, measure=fingerprint_all, look=in_file, workers=1, limit=archive.settings.pixels) as items:
        item = next(items)
    if isinstance(item, Refusal):
        raise PictureError(item.sentence, reason=item.reason)
    work = dataclasses.replace(item.work, licence=said.licence, creator=said.creator, source=said.source)
    item = dataclasses.replace(item, work=work)
    policy = Policy.load(archive.folder)
    signals = Gatherer(path.resolve().parent)(item)
    write_works(archive, policy, [(item, decide(policy, signals, work.licence, work.consent))])
    return work


def remember_place(archive: "Archive", uid: str, path: Path) -> None:
    """Remember that the file of the work `uid` was seen at `path`, unless that is known."""
    with archive.database.write() as session:
        write_locations(session, {nodes.node_id(session, uid): str(path.resolve())}, utc_now())
