"""Responses are compressed when the client accepts it: an annotator's next comparisons take a quarter of the bytes."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressionMiddleware(GZipMiddleware):
    """Django's middleware, with its random padding against guessing secrets by size (BREACH), but not for downloads.

    Downloads are streamed; compressing them would cost more processor time than it saves on the network.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compresses responses that are complete and long enough."""
        return response if response.streaming else super().process_response(request, response)
