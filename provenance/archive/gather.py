"""Everything that is said about a work: by its file, by its row of the table, and by what lies around the file."""

from pathlib import Path
from typing import Final

from provenance.collect.item import Note, Read, Refusal
from provenance.collect.signals import Signal, Source, is_unreadable, table_signals
from provenance.collect.signals_folder import Surroundings
from provenance.collect.signals_xmp import xmp_signals
from provenance.fingerprint import Fingerprint
from provenance.sign.training_mining import training_signals

_WIDE: Final = frozenset({Source.TDMREP, Source.ROBOTS, Source.AI_TXT})
"""Sources that speak of many works at once."""


class Gatherer:
    """Gathers the signals of works below one folder; several threads may ask at once."""

    def __init__(self, root: Path) -> None:
        """Take the folder that is collected, resolved."""
        self._around = Surroundings(root)

    def __call__(self, item: "Read[dict[str, Fingerprint]] | Refusal") -> tuple[Signal, ...]:
        """Gather what is said about an item; nothing for one that does not go in."""
        if isinstance(item, Refusal):
            return ()
        assert isinstance(item.said, tuple)  # it was collected with `look=in_file`: nothing may go unread
        work = item.work
        return (*table_signals(work.extra), *item.said, *self._around.signals(work.name))


def in_file(name: str, data: bytes) -> tuple[Signal, ...]:
    """Read what is said in the file of the work `name`: to be given to `collect` as `look`."""
    return (*xmp_signals(data), *training_signals(data, name=name))


def notes(name: str, signals: tuple[Signal, ...]) -> tuple[Note, ...]:
    """Remark on what could not be read about the work `name`."""
    return tuple(
        Note(
            reason="signals",
            sentence=f"{signal.where if signal.source in _WIDE else f'{name}: {signal.where}'} {signal.value}. "
            "It may say no, so what it is about is kept out of training.",
        )
        for signal in signals
        if is_unreadable(signal)
    )
