"""The signatures that answers of SAML may have.

The library that checks them runs the transforms of a signature before it looks at its value. XSLT and XPath are
programs, and namespaces by the thousand take as long: anybody could stop the site with an answer that nobody signed.
"""

from lxml import etree

MOST = 50
"""Namespaces of an element, its attributes, and the prefixes that a signature names. Real ones have some ten."""

SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
PREFIXES = f"{{{EXCLUSIVE}}}InclusiveNamespaces"
CANONICAL = frozenset(
    f"{name}{comments}"
    for name, comments in (
        (EXCLUSIVE, ""),
        (EXCLUSIVE, "WithComments"),
        ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", ""),
        ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "#WithComments"),
        ("http://www.w3.org/2006/12/xml-c14n11", ""),
        ("http://www.w3.org/2006/12/xml-c14n11", "#WithComments"),
    )
)
ALLOWED = {
    "Transform": CANONICAL | {"http://www.w3.org/2000/09/xmldsig#enveloped-signature"},
    "CanonicalizationMethod": CANONICAL,
    "SignatureMethod": frozenset(
        f"http://www.w3.org/2001/04/xmldsig-more#{kind}-sha{bits}"
        for kind in ("rsa", "ecdsa")
        for bits in (256, 384, 512)
    ),
    "DigestMethod": frozenset(
        (
            "http://www.w3.org/2001/04/xmlenc#sha256",
            "http://www.w3.org/2001/04/xmldsig-more#sha384",
            "http://www.w3.org/2001/04/xmlenc#sha512",
        )
    ),
}
"""The algorithms of each element of a signature."""


def fault_of_signatures(document: etree._Element) -> str:
    """The reason not to check the signatures of an answer; empty: there is none."""
    for element in document.iter("*"):
        if len(element.attrib) > MOST or len(element.nsmap) > MOST:
            return f"an element has more than {MOST} attributes or namespaces"
    for signature in document.iter(f"{SIGNATURE}Signature"):
        if len(list(signature.iter(f"{SIGNATURE}Reference"))) != 1:
            return "a signature has not exactly one reference"
        if len(list(signature.iter(f"{SIGNATURE}Transform"))) > 2:
            return "a signature has more than two transforms"
        if any(next(signature.iter(f"{SIGNATURE}{name}"), None) is not None for name in ("Object", "RetrievalMethod")):
            return "a signature holds an object or says where its key is"
    methods = ((name, one) for name in ALLOWED for one in document.iter(f"{SIGNATURE}{name}"))
    return next(filter(None, (_fault(name, one) for name, one in methods)), "")


def _fault(name: str, element: etree._Element) -> str:
    algorithm = element.get("Algorithm", "")
    if algorithm not in ALLOWED[name]:
        return f"the {name} {algorithm!r} is not allowed"
    if any(child.tag != PREFIXES or len((child.get("PrefixList") or "").split()) > MOST for child in element):
        return f"the {name} has more in it than a short list of prefixes"
    return ""
