"""A device with a passkey: it answers as a browser does, with a real key (WebAuthn, ES256)."""

import hashlib
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

FLAG = AuthenticatorData.FLAG


class Device:
    """One passkey. origin: of the page that the browser shows. verifies: asks for finger, face or PIN."""

    def __init__(self, origin: str = "https://testserver", *, site: str = "testserver", verifies: bool = True) -> None:
        self.origin, self.site, self.verifies = origin, site, verifies
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.user = ""

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to `navigator.credentials.create`."""
        self.user = options["publicKey"]["user"]["id"]
        public = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]
        kept = AttestedCredentialData.create(b"\0" * 16, self.id, public)
        data = AuthenticatorData.create(self._site_hash(), self._flags() | FLAG.AT, 0, kept)
        client = CollectedClientData.create("webauthn.create", options["publicKey"]["challenge"], self.origin)
        made = AttestationObject.create("none", data, {})
        return self._answer(client, attestationObject=websafe_encode(made))

    def use(self, options: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """The answer to `navigator.credentials.get`."""
        data = AuthenticatorData.create(self._site_hash(), self._flags(), 1)
        client = CollectedClientData.create("webauthn.get", options["publicKey"]["challenge"], self.origin)
        signature = self.key.sign(data + client.hash, ec.ECDSA(SHA256()))
        return self._answer(
            client,
            authenticatorData=websafe_encode(data),
            signature=websafe_encode(signature),
            userHandle=self.user,
            **changes,
        )

    def _answer(self, client: CollectedClientData, **response: str) -> dict[str, Any]:
        identifier = websafe_encode(self.id)
        return {
            "id": identifier,
            "rawId": identifier,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {"clientDataJSON": websafe_encode(client), **response},
        }

    def _site_hash(self) -> bytes:
        return hashlib.sha256(self.site.encode()).digest()

    def _flags(self) -> Any:
        return FLAG.UP | FLAG.UV if self.verifies else FLAG.UP
