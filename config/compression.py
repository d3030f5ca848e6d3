"""Pages and answers go compressed to those who take it: an annotator's next pairs are a quarter of the bytes."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressionMiddleware(GZipMiddleware):
    """Django's own, with its padding of random length against guessing secrets by size (BREACH); but not downloads:
    they stream, and what they would save on the way is not worth the processor's time of everybody else."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compresses what is whole and long enough."""
        return response if response.streaming else super().process_response(request, response)
