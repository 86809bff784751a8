"""Encrypts a message so that only the subscribed browser can read it (RFC 8291, aes128gcm of RFC 8188)."""

import os
import struct

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD_BYTES = 4096
MAX_PLAINTEXT_BYTES = 3800
"""Push services need to take no more than 4096 bytes; header, padding and tag are part of them."""
SALT_BYTES = 16
LAST_RECORD = b"\x02"


def encrypt(
    plaintext: bytes,
    browser_key: bytes,
    auth: bytes,
    *,
    salt: bytes | None = None,
    sender: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """Return the body of a push message.

    Args:
        plaintext: what the service worker reads, at most `MAX_PLAINTEXT_BYTES` long.
        browser_key: the subscription's public key, an uncompressed point of P-256.
        auth: the subscription's secret of 16 bytes.
        salt: 16 random bytes, by default new ones.
        sender: a key for this message alone, by default a new one.

    Raises:
        ValueError: the message is too long, or the key is no point of the curve.
    """
    if len(plaintext) > MAX_PLAINTEXT_BYTES:
        raise ValueError(f"{len(plaintext)} bytes are too long for a push message; at most {MAX_PLAINTEXT_BYTES} fit")
    salt = os.urandom(SALT_BYTES) if salt is None else salt
    sender = ec.generate_private_key(ec.SECP256R1()) if sender is None else sender
    sender_key = public_bytes(sender)
    receiver = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), browser_key)
    shared = sender.exchange(ec.ECDH(), receiver)
    secret = _derive(shared, auth, b"WebPush: info\0" + browser_key + sender_key, 32)
    content_key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + struct.pack("!LB", RECORD_BYTES, len(sender_key)) + sender_key
    return header + AESGCM(content_key).encrypt(nonce, plaintext + LAST_RECORD, None)


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the public half of a key as an uncompressed point."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derive(secret: bytes, salt: bytes, info: bytes, size: int) -> bytes:
    return HKDF(SHA256(), size, salt, info).derive(secret)
