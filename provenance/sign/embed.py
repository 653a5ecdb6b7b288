"""Sign a picture: its claim goes into the file, under the identity's key, and is read back before it counts."""

import io
import json
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from provenance.digest import Digest
from provenance.errors import PictureError, SigningError
from provenance.sign import crjson, verdict
from provenance.sign.claim import Claim, Ingredient
from provenance.sign.container import find_store
from provenance.sign.definition import ingredient_definition, manifest_definition
from provenance.sign.identity import Identity
from provenance.sign.jumbf import read_store
from provenance.sign.read import context_settings, inspect, read
from provenance.sign.reading import Anchor, State

if TYPE_CHECKING:
    import c2pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signed picture."""

    data: bytes = field(repr=False)
    """The whole file; empty where it was written to a path."""
    label: str
    """The label of its manifest."""
    store_digest: Digest
    """The digest of the manifest store in it: of all manifests of the file."""
    store_size: int
    state: State | None
    """C2PA's word, with the identity's own root as an anchor; None if it was not read back."""
    codes: tuple[str, ...]
    """The failure codes; `signingCredential.untrusted` where an imported identity came without its root."""


def _system_clock() -> datetime:
    return datetime.now(UTC)


class Signer:
    """Signs pictures with one identity, from any thread and in any process forked later.

    `anchors` are those by which parent pictures are judged, beside the identity's own root. `time_authority`
    is the address of an RFC 3161 service: the one thing here that uses the network, and only if it is given.
    """

    def __init__(
        self,
        identity: Identity,
        *,
        anchors: Sequence[Anchor] = (),
        time_authority: str | None = None,
        clock: Callable[[], datetime] = _system_clock,
    ) -> None:
        own = (Anchor(name=f"the identity '{identity.name}'", pem=identity.root),) if identity.root else ()
        self.identity = identity
        self._anchors = (*own, *anchors)
        self._time_authority = time_authority
        self._clock = clock
        self._lock = threading.Lock()
        self._context: tuple[int, c2pa.Context] | None = None

    def sign(
        self, data: bytes, media_type: str, claim: Claim, *, allow_changed_parent: bool = False, check: bool = True
    ) -> Signed:
        """Sign the file `data` of type `media_type`.

        A parent that is not intact, or that has a gap in its history, is refused unless `allow_changed_parent`.
        Without `check` the result is not read back. Raises SigningError, and IdentityError if the identity
        is not valid now.
        """
        target = io.BytesIO()
        signed = self._sign(io.BytesIO(data), target, media_type, claim, allow_changed_parent, check)
        return Signed(data=target.getvalue(), **signed)

    def sign_file(
        self,
        source: Path,
        target: Path,
        media_type: str,
        claim: Claim,
        *,
        allow_changed_parent: bool = False,
        check: bool = True,
    ) -> Signed:
        """Sign the file at `source` into `target`, as `sign` does, in bounded memory whatever its size.

        `target` appears whole or not at all; a file that is there is replaced.
        """
        partial = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            with source.open("rb") as opened, partial.open("xb+") as made:
                signed = self._sign(opened, made, media_type, claim, allow_changed_parent, check)
                made.flush()
                os.fsync(made.fileno())
            partial.replace(target)
        except OSError as cause:
            raise SigningError(f"{source} could not be signed into {target}: {cause.strerror}.") from cause
        finally:
            partial.unlink(missing_ok=True)
        return Signed(data=b"", **signed)
