"""The product on its pages: the version in their foot, and a sentence above all else while the disk is full."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from common.disk import is_full


def product(request: HttpRequest) -> dict[str, Any]:
    """A context processor: the version of the product, and whether the disk of the files is full."""
    return {"product_version": settings.VERSION, "disk_is_full": is_full(settings.VAR_DIR)}
