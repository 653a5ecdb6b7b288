"""Sign a picture: its claim goes into the file, under the identity's key, and is read back before it counts."""

import io
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from provenance.digest import Digest
from provenance.errors import IdentityError, SigningError
from provenance.sign import history, verdict
from provenance.sign.claim import Claim, Ingredient
from provenance.sign.container import find_store
from provenance.sign.definition import ZIP, c2pa_format, definition_text
from provenance.sign.identity import Identity
from provenance.sign.jumbf import read_store
from provenance.sign.read import UnreadableError, context_settings, inspect, inspect_briefly, read
from provenance.sign.reading import Anchor, Reading, State
from provenance.sign.sidecar import OCTETS, read_as
from provenance.sign.staging import add, stage_data
from provenance.sign.watched import Watched

if TYPE_CHECKING:
    import c2pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signed picture."""

    data: bytes = field(default=b"", repr=False)
    """The whole file, or the manifest store of one that was signed beside; empty where it was written to a path."""
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
        self._made: dict[tuple[int, bool], c2pa.Context] = {}

    def sign(
        self, data: bytes, media_type: str, claim: Claim, *, allow_changed_parent: bool = False, check: bool = True
    ) -> Signed:
        """Sign the file `data` of type `media_type`.

        A parent that is not intact, or that has a gap in its history, is refused unless `allow_changed_parent`.
        So is a file that carries a manifest, unless it is its own parent: signing would drop it.
        With `check` the result is read back and has to hold, hash of the picture included; without, only c2pa's
        own check of the manifest is made. Raises SigningError, and IdentityError if the identity
        is not valid now.
        """
        target = io.BytesIO()
        self._check(io.BytesIO(data), media_type, claim, allow_changed_parent=allow_changed_parent)
        signed = self._sign(io.BytesIO(data), target, claim, check=check)
        return replace(signed, data=target.getvalue())

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
        """Sign the file at `source` into `target`, as `sign` does, without a copy of it in Python's memory.

        c2pa itself holds the file while it signs: once for PNG, TIFF and AVIF, twice for WebP, three times for
        JPEG. `target` appears whole or not at all; a file that is there is replaced.
        """
        partial = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            with source.open("rb") as file, partial.open("xb+") as made:
                self._check(file, media_type, claim, allow_changed_parent=allow_changed_parent)
                signed = self._sign(file, Watched(made), claim, check=check)
                made.flush()
                os.fsync(made.fileno())
            partial.replace(target)
        except OSError as cause:
            raise SigningError(f"{source} could not be signed into {target}: {cause.strerror}.") from cause
        finally:
            partial.unlink(missing_ok=True)
        return signed

    def sign_beside(self, data: bytes, claim: Claim) -> Signed:
        """Sign a file of any kind that stays as it is; the result's `data` is its manifest store, to be kept beside.

        The claim's media type is application/octet-stream. c2pa holds the file four times while it signs.
        The result is read back and has to hold. Raises SigningError, IdentityError.
        """
        self._check(io.BytesIO(data), OCTETS, claim, allow_changed_parent=False)
        store = self._embed(io.BytesIO(data), io.BytesIO(), claim, read_back=True, beside=True)
        label, state, codes = self._told(read_as(data, OCTETS, store=store, anchors=self._anchors), claim.title)
        digest = Digest.of(store)
        return Signed(data=store, label=label, store_digest=digest, store_size=len(store), state=state, codes=codes)

    def stage(self, ingredient: Ingredient, *, allow_changed: bool = False) -> Ingredient:
        """Check the ingredient's `data` once and keep of it what a claim needs, for claims that share it.

        An ingredient without `data` comes back as it is. Raises SigningError if it does not hold, unless
        `allow_changed`.
        """
        if ingredient.data is None:
            return ingredient
        import c2pa

        self._check_parent(ingredient, "what shares it", allowed=allow_changed)
        try:
            found = stage_data(ingredient, self._context(read_back=True))
        except c2pa.C2paError as cause:
            raise SigningError(f"The {ingredient.label} '{ingredient.title}' cannot be taken in: {cause}.") from cause
        return replace(ingredient, data=None, staged=found)

    def _check(self, source: BinaryIO, media_type: str, claim: Claim, *, allow_changed_parent: bool) -> None:
        self.identity.check_dates(self._clock())
        if media_type != claim.media_type:
            raise SigningError(f"The file is {media_type}, but the claim for '{claim.title}' says {claim.media_type}.")
        carried = [
            self._check_parent(each, f"'{claim.title}'", allowed=allow_changed_parent)
            for each in claim.ingredients
            if each.data is not None
        ]
        label = _label(source, self._anchors, claim.title)
        if label is not None and label not in carried:
            raise SigningError(
                f"'{claim.title}' is signed already, and signing would drop its manifest {label}: name the file as it "
                "is as the parent, with its data, or take the manifest out first if that is what you mean."
            )

    def _check_parent(self, ingredient: Ingredient, of: str, *, allowed: bool) -> str | None:
        data = cast("bytes | Path", ingredient.data)
        bundle = ingredient.media_type == ZIP
        reading = read_as(data, ZIP, anchors=self._anchors) if bundle else read(data, anchors=self._anchors)
        which = f"The {ingredient.label} '{ingredient.title}' of {of}"
        if reading.unreadable is not None:
            raise SigningError(f"{which} cannot be taken in: {reading.unreadable}")
        # A certificate that ran out since is no reason: old pictures may be worked on for ever.
        if not allowed and (reading.intact is False or history.problems_of(reading.ingredients)):
            said = " ".join(reading.problems)
            raise SigningError(
                f"{which} does not hold, and signing on it would hide that. {said} "
                "Use the picture as it was signed, or allow a changed parent explicitly."
            )
        return reading.label

    def _sign(self, source: BinaryIO, target: "BinaryIO | Watched", claim: Claim, *, check: bool) -> Signed:
        store = self._embed(source, target, claim, read_back=check)
        digest, size = Digest.of(store), len(store)
        if not check:
            label = read_store(store).labels[-1]
            return Signed(label=label, store_digest=digest, store_size=size, state=None, codes=())
        label, state, codes = self._read_back(cast("BinaryIO", target), store, claim)
        return Signed(label=label, store_digest=digest, store_size=size, state=state, codes=codes)

    def _embed(
        self,
        source: BinaryIO,
        target: "BinaryIO | Watched",
        claim: Claim,
        *,
        read_back: bool,
        beside: bool = False,
    ) -> bytes:
        import c2pa

        uncovered = find_store(source).uncovered
        definition = definition_text(claim, uncovered=uncovered)
        source.seek(0)
        try:
            with c2pa.Builder(definition, context=self._context(read_back=read_back)) as builder:
                if beside:
                    builder.set_no_embed()
                for each in claim.ingredients:
                    add(builder, each)
                store: bytes = builder.sign(c2pa_format(claim.media_type), source, target)
        except c2pa.C2paError as cause:
            if isinstance(target, Watched) and target.error is not None:
                raise target.error from cause
            raise self._failure(cause, claim) from cause
        if not store:
            raise SigningError(f"'{claim.title}' could not be signed: no manifest came out. Report this, please.")
        return store

    def _read_back(self, target: BinaryIO, store: bytes, claim: Claim) -> tuple[str, State, tuple[str, ...]]:
        title = claim.title
        if claim.media_type == ZIP:
            return self._told(read_as(target, ZIP, anchors=self._anchors), title)
        embedded = find_store(target)
        try:
            found = inspect_briefly(target, anchors=self._anchors, name=f"the signed '{title}'")
        except UnreadableError as cause:
            raise SigningError(f"'{title}' was signed, but cannot be read back: {cause.sentence}") from cause
        if found is None or (embedded.known and embedded.store != store):
            raise SigningError(f"'{title}' was signed, but the manifest is not in the file. Report this, please.")
        label, state, findings = found
        if embedded.faults or not verdict.holds(findings, state):
            said = ", ".join(findings.failures + embedded.faults) or state
            raise SigningError(f"'{title}' was signed, but does not hold when read back ({said}): nothing was kept.")
        return label, state, findings.failures

    def _told(self, reading: Reading, title: str) -> tuple[str, State, tuple[str, ...]]:
        if not reading.intact or reading.label is None or reading.state is None:
            said = ", ".join(reading.failure) or reading.unreadable or "no manifest"
            raise SigningError(f"'{title}' was signed, but does not hold when read back ({said}): nothing was kept.")
        return reading.label, reading.state, reading.failure

    def _context(self, *, read_back: bool) -> "c2pa.Context":
        """Make the context once a process: none survives a fork. Two threads may make one each; one is kept."""
        import c2pa

        key = (os.getpid(), read_back)
        if key not in self._made:
            identity = self.identity
            info = c2pa.C2paSignerInfo(identity.algorithm, identity.chain, identity.key, self._time_authority)
            # Without anchors: what c2pa notes of a parent goes into the file, and to the public we vouch for nobody.
            settings = context_settings(())
            # c2pa's own check after signing finds nothing that our reading back does not find, and leaves out
            # the picture's hash: we pay for one of the two.
            settings["verify"] = {**settings["verify"], "verify_after_sign": not read_back}
            try:
                self._made[key] = c2pa.Context.from_dict(settings, signer=c2pa.Signer.from_info(info))
            except c2pa.C2paError as cause:
                raise IdentityError(f"The identity '{identity.name}' cannot sign: {cause}.") from cause
        return self._made[key]

    def _failure(self, cause: "c2pa.C2paError", claim: Claim) -> SigningError:
        import c2pa

        if isinstance(cause, c2pa.C2paError.NotSupported):
            return SigningError(f"'{claim.title}' is {claim.media_type}, a format that cannot hold a manifest.")
        if self._time_authority and "http" in str(cause):
            return SigningError(
                f"'{claim.title}' was not signed, as the time-stamp authority {self._time_authority} gave no answer: "
                "try again, or sign without a time stamp."
            )
        return SigningError(f"'{claim.title}' could not be signed: {cause}.")


def _label(source: BinaryIO, anchors: tuple[Anchor, ...], title: str) -> str | None:
    """Read the label of the manifest that a file carries; None if it carries none."""
    embedded = find_store(source)
    if embedded.known and embedded.size == 0:
        return None
    try:
        inspection = inspect(source, anchors=anchors, name=f"'{title}'")
    except UnreadableError as cause:
        if cause.reason == "format":
            return None  # signing will say so in its own words
        raise SigningError(f"'{title}' cannot be signed: {cause.sentence}") from cause
    return inspection.label if inspection is not None else None
