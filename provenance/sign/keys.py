"""Private keys at rest: a plain PKCS8 file that only its owner reads, or an envelope under a passphrase.

The envelope is one JSON object, format `prov-key`, version 1:

    {"format": "prov-key", "version": 1,
     "kdf": {"name": "argon2id", "memory_kib": 65536, "passes": 3, "lanes": 4, "salt": BASE64 (16 bytes)},
     "cipher": {"name": "aes-256-gcm", "nonce": BASE64 (12 bytes)},
     "data": BASE64 (the PKCS8 PEM text, sealed)}

Argon2id is RFC 9106; the key that it derives has 32 bytes. The canonical JSON of all but `data` is the
additional data of AES-GCM (NIST SP 800-38D), so that no parameter can be changed unnoticed.
"""

import base64
import binascii
import json
import os

from provenance.digest import Json, canonical_json
from provenance.errors import IdentityError

_MEMORY_KIB = 65_536
_PASSES = 3
_LANES = 4
_MOST_MEMORY_KIB = 1 << 20  # a foreign envelope must not be able to eat the machine
_MOST_PASSES = 16
_MOST_LANES = 16


def seal(key: bytes, passphrase: str) -> bytes:
    """Put a private key (PKCS8 PEM) under a passphrase. Raises IdentityError if the passphrase is empty."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if not passphrase:
        raise IdentityError("An empty passphrase protects nothing: give one, or none at all.")
    salt, nonce = os.urandom(16), os.urandom(12)
    head: dict[str, Json] = {
        "format": "prov-key",
        "version": 1,
        "kdf": {
            "name": "argon2id",
            "memory_kib": _MEMORY_KIB,
            "passes": _PASSES,
            "lanes": _LANES,
            "salt": _text(salt),
        },
        "cipher": {"name": "aes-256-gcm", "nonce": _text(nonce)},
    }
    derived = _derive(passphrase, salt, memory=_MEMORY_KIB, passes=_PASSES, lanes=_LANES)
    sealed = AESGCM(derived).encrypt(nonce, key, canonical_json(head).encode())
    return (json.dumps({**head, "data": _text(sealed)}, indent=1) + "\n").encode()


def is_sealed(stored: bytes) -> bool:
    """Whether `stored` is an envelope, and so needs a passphrase."""
    return stored.lstrip().startswith(b"{")


def unseal(stored: bytes, passphrase: str, name: str) -> bytes:
    """Take the key out of its envelope.

    Raises IdentityError, with `name` in its sentence, if the passphrase is wrong or the envelope was changed.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        head = json.loads(stored)
        sealed = _bytes(head.pop("data"))
        kdf, nonce = head["kdf"], _bytes(head["cipher"]["nonce"])
        salt, memory, passes, lanes = _bytes(kdf["salt"]), kdf["memory_kib"], kdf["passes"], kdf["lanes"]
        known = (head["format"], head["version"], kdf["name"], head["cipher"]["name"])
        _check_envelope(known, name, memory=memory, passes=passes, lanes=lanes)
        derived = _derive(passphrase, salt, memory=memory, passes=passes, lanes=lanes)
        return AESGCM(derived).decrypt(nonce, sealed, canonical_json(head).encode())
    except InvalidTag as cause:
        raise IdentityError(
            f"The key of the identity '{name}' does not open: the passphrase is wrong, or the file was changed. "
            "Try again, or take the key file from a backup."
        ) from cause
    except (ValueError, KeyError, TypeError, AttributeError) as cause:
        raise IdentityError(
            f"The key file of the identity '{name}' is damaged: take it from a backup, "
            "or make another identity with `prov identity create`."
        ) from cause


def _check_envelope(known: tuple[object, ...], name: str, *, memory: object, passes: object, lanes: object) -> None:
    if known != ("prov-key", 1, "argon2id", "aes-256-gcm"):
        raise IdentityError(f"The key file of the identity '{name}' is of a kind unknown to this prov: upgrade it.")
    for value, most in ((memory, _MOST_MEMORY_KIB), (passes, _MOST_PASSES), (lanes, _MOST_LANES)):
        if not isinstance(value, int) or not 1 <= value <= most:
            raise IdentityError(f"The key file of the identity '{name}' asks for unreasonable work: it was changed.")


def _derive(passphrase: str, salt: bytes, *, memory: int, passes: int, lanes: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    kdf = Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory)
    return kdf.derive(passphrase.encode())


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as cause:
        raise ValueError(str(cause)) from cause
