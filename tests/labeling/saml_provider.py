"""A small identity provider of SAML 2.0: it signs real assertions for the requests that it gets."""

import base64
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from xmlsec import constants

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
NAMESPACES = {"saml": SAML, "samlp": "urn:oasis:names:tc:SAML:2.0:protocol"}
FORMATS = "urn:oasis:names:tc:SAML"
PERSISTENT = f"{FORMATS}:2.0:nameid-format:persistent"
TRANSIENT = f"{FORMATS}:2.0:nameid-format:transient"
AS_ADDRESS = f"{FORMATS}:1.1:nameid-format:emailAddress"
MAIL = "urn:oid:0.9.2342.19200300.100.1.3"
ISSUER, SSO = "https://login.firm.example/saml", "https://login.firm.example/saml/sso"


@dataclass(frozen=True)
class Pair:
    """A key, and the certificate that says whose it is."""

    key: bytes
    certificate: str


def new_pair() -> Pair:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "login.firm.example")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(9))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Pair(private, made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode())


OURS, OTHERS = new_pair(), new_pair()


@dataclass
class IdentityProvider:
    """The person who is signed in there, and the content of its answers. A field that is None follows the request."""

    name: str = "4711"
    name_format: str = PERSISTENT
    attributes: dict[str, str] = field(default_factory=dict)
    issuer: str = ISSUER
    audience: str | None = None
    recipient: str | None = None
    answers: str | None = None
    """The id of the request that it answers."""
    valid_for: timedelta = timedelta(minutes=5)
    pair: Pair = OURS
    signs: tuple[str, ...] = ("Assertion",)
    omits: tuple[str, ...] = ()
    """Attributes and elements that the answer lacks."""

    def answer(self, address: str) -> str:
        """The person's browser comes there with a request: the answer that it is to post, in base64."""
        return encoded(self.document(request_in(address)))

    def document(self, asked: etree._Element) -> etree._Element:
        """The answer to a request, signed."""
        now = datetime.now(UTC)
        until = _time(now + self.valid_for)
        here = asked.get("AssertionConsumerServiceURL") or ""
        audience = self.audience or asked.findtext(f"{{{SAML}}}Issuer")
        to = {"InResponseTo": asked.get("ID") if self.answers is None else self.answers}
        response = _element(None, "samlp:Response", ID=_id(), Version="2.0", IssueInstant=_time(now), Destination=here)
        response.attrib.update(
            {name: value for name, value in to.items() if value and "InResponseTo" not in self.omits}
        )
        _element(response, "saml:Issuer", text=self.issuer)
        _element(
            _element(response, "samlp:Status"), "samlp:StatusCode", Value="urn:oasis:names:tc:SAML:2.0:status:Success"
        )
        assertion = _element(response, "saml:Assertion", ID=_id(), Version="2.0", IssueInstant=_time(now))
        _element(assertion, "saml:Issuer", text=self.issuer)
        subject = _element(assertion, "saml:Subject")
        if "NameID" not in self.omits:
            _element(subject, "saml:NameID", text=self.name, Format=self.name_format)
        confirmation = _element(subject, "saml:SubjectConfirmation", Method="urn:oasis:names:tc:SAML:2.0:cm:bearer")
        data = {**to, "Recipient": self.recipient or here, "NotOnOrAfter": until}
        kept = {name: value for name, value in data.items() if value and name not in self.omits}
        _element(confirmation, "saml:SubjectConfirmationData", **kept)
        conditions = _element(assertion, "saml:Conditions", NotBefore=_time(now - timedelta(1)), NotOnOrAfter=until)
        if "Audience" not in self.omits:
            _element(_element(conditions, "saml:AudienceRestriction"), "saml:Audience", text=audience)
        authentication = _element(assertion, "saml:AuthnStatement", AuthnInstant=_time(now))
        context = _element(authentication, "saml:AuthnContext")
        _element(context, "saml:AuthnContextClassRef", text="urn:oasis:names:tc:SAML:2.0:ac:classes:Password")
        if self.attributes:
            statement = _element(assertion, "saml:AttributeStatement")
            for name, value in self.attributes.items():
                _element(_element(statement, "saml:Attribute", Name=name), "saml:AttributeValue", text=value)
        for signed in self.signs:  # what is inside first
            sign(assertion if signed == "Assertion" else response, self.pair)
        return response


def request_in(address: str) -> etree._Element:
    """The request in an address, which has it as the binding HTTP-Redirect demands."""
    (packed,) = parse_qs(urlsplit(address).query)["SAMLRequest"]
    return etree.fromstring(zlib.decompress(base64.b64decode(packed), -15))


def encoded(document: etree._Element) -> str:
    return base64.b64encode(etree.tostring(document)).decode()


def sign(element: etree._Element, pair: Pair) -> None:
    """Signs an element of a document where the standard wants it: after the issuer."""
    node = xmlsec.template.create(element, constants.TransformExclC14N, constants.TransformRsaSha256)
    element.insert(1, node)
    reference = xmlsec.template.add_reference(node, constants.TransformSha256, uri=f"#{element.get('ID')}")
    xmlsec.template.add_transform(reference, constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, constants.TransformExclC14N)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pair.key, constants.KeyDataFormatPem)
    context.register_id(element, "ID")
    context.sign(node)


def _element(parent: etree._Element | None, tag: str, text: str | None = None, **attributes: Any) -> etree._Element:
    prefix, name = tag.split(":")
    full = f"{{{NAMESPACES[prefix]}}}{name}"
    made = etree.Element(full, nsmap=NAMESPACES) if parent is None else etree.SubElement(parent, full)
    made.attrib.update(attributes)
    made.text = text
    return made


def _id() -> str:
    return f"_{uuid4().hex}"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
