"""The files that a Croissant description names, found in its own folder: nowhere else, and never over a network."""

import fnmatch
from pathlib import Path, PurePosixPath

from provenance.collect.croissant_document import Document, Resource
from provenance.collect.folder import list_folder
from provenance.digest import Digest
from provenance.errors import UsageError


class Files:
    """The files and sets of files of one description."""

    def __init__(self, document: Document, path: Path) -> None:
        """Take the description at `path`, and list the pictures of its folder."""
        self.folder = path.parent.resolve()
        self.everything = list_folder(self.folder)
        self._name = path.name
        self._document = document
        self._sets: dict[str, tuple[str, ...]] = {}

    def of_set(self, set_id: str) -> tuple[str, ...]:
        """List the pictures of a file set, as paths from the folder."""
        if set_id not in self._sets:
            resource = self._document.resources[set_id]
            prefix = str(self.root(resource))
            prefix = "" if prefix == "." else f"{prefix}/"
            names = (*self.everything.names, *(refusal.name for refusal in self.everything.refusals))
            below = (name for name in names if name.startswith(prefix))
            self._sets[set_id] = tuple(name for name in below if _fits(resource, name.removeprefix(prefix)))
        return self._sets[set_id]

    def root(self, resource: Resource) -> PurePosixPath:
        """Find the folder, from that of the description, in which a file set lies."""
        if not resource.containers:
            return PurePosixPath()
        container = self.resource(resource.containers[0])
        path = self.path(container)
        if not path.is_dir():
            message = (
                f"The files of {resource.id} lie in {container.id}, which is no folder here. Unpack it, and name it."
            )
            raise UsageError(message)
        return PurePosixPath(path.relative_to(self.folder).as_posix())

    def resource(self, resource_id: str | None) -> Resource:
        """Find a FileObject or FileSet. Raises UsageError where the description has none of that name."""
        found = self._document.resources.get(resource_id or "")
        if found is None:
            raise UsageError(f"{self._name} takes values from {resource_id!r}, which it does not describe. Correct it.")
        return found

    def path(self, resource: Resource) -> Path:
        """Find the file or folder of a FileObject. Raises UsageError for addresses and for what is elsewhere."""
        place = resource.place
        if resource.is_url:
            message = f"{resource.id} lies at {place}, and prov fetches nothing. Download it to {self.folder}"
            raise UsageError(f"{message}, and write its path there as contentUrl.")
        if place is None or resource.containers:
            message = (
                f"{resource.id} is a part of another file, or has no contentUrl. Unpack it, and write its path there."
            )
            raise UsageError(message)
        try:
            path = (self.folder / place).resolve()
            there = path.exists()
        except (OSError, ValueError):  # a name that no file can have
            path, there = self.folder, False
        if not path.is_relative_to(self.folder):
            raise UsageError(f"{resource.id} lies at {place}, outside {self.folder}. Bring it there.")
        if not there:
            raise UsageError(f"{resource.id} should lie at {place} in {self.folder}, and does not. Bring it there.")
        return path

    def digest(self, resource: Resource) -> Digest | None:
        """Read the digest that a file must have, if the description says so. Raises UsageError."""
        try:
            return None if resource.sha256 is None else Digest(resource.sha256.lower())
        except ValueError as cause:
            raise UsageError(f"The sha256 of {resource.id} in {self._name} is none: {cause} Correct it.") from cause

    def read(self, path: Path, resource: Resource) -> bytes:
        """Read a file, and hold it against the digest that it must have. Raises UsageError."""
        if not path.is_file():  # a pipe would never end
            raise UsageError(f"{path} cannot be read: it is no file. Bring the table there.")
        try:
            data = path.read_bytes()
        except OSError as cause:
            raise UsageError(f"{path} cannot be read: {cause.strerror}.") from cause
        if self.digest(resource) not in {None, Digest.of(data)}:
            message = f"{path.name} has the digest {Digest.of(data)}, but {self._name} says {resource.sha256}."
            raise UsageError(f"{message} Bring the right file, or correct the description.")
        return data


def _fits(resource: Resource, name: str) -> bool:
    """Match a path as the reference implementation does: `*` stands for slashes too."""
    included = any(fnmatch.fnmatchcase(name, pattern) for pattern in resource.includes)
    return included and not any(fnmatch.fnmatchcase(name, pattern) for pattern in resource.excludes)
