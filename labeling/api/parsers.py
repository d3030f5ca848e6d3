"""Reading the body of a request: bounded, and never with a fault of ours, whatever is sent."""

from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

MAX_BODY = 2_000_000
"""Bytes. Files are imported as streams; nothing else that is sent comes near this."""


class BodyTooLarge(APIException):
    status_code = 413
    default_code = "body-too-large"
    default_detail = f"The body is larger than {MAX_BODY:,} bytes. Only imports may be, and they are files."


class BoundedJSONParser(JSONParser):
    """JSON as DRF reads it, but of bounded size, and nested too deeply it is the sender's fault, not ours."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise BodyTooLarge
        try:
            return super().parse(BytesIO(body), media_type, parser_context)
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error
