"""The product on its pages: the version in their foot."""

from django.conf import settings
from django.http import HttpRequest


def product(request: HttpRequest) -> dict[str, str]:
    """A context processor: the version of the product."""
    return {"product_version": settings.VERSION}
