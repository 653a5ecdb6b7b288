"""The file that a signed picture is written to."""

from typing import BinaryIO


class Watched:
    """A file that remembers why a write failed: c2pa only says that one did."""

    def __init__(self, file: BinaryIO) -> None:
        """Watch `file`, open for writing and reading."""
        self._file = file
        self.error: OSError | None = None
        self.seek, self.tell, self.read, self.readinto = file.seek, file.tell, file.read, file.readinto  # type: ignore[attr-defined]

    def write(self, data: bytes) -> int:
        """Write; a failure is kept in `error`."""
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        """Flush; a failure is kept in `error`."""
        try:
            self._file.flush()
        except OSError as error:
            self.error = error
            raise
