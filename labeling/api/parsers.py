"""Parsing of request bodies: limited in size, and without a server error for any input."""

from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

MAX_BODY = 2_000_000
"""Bytes. Imports are streamed and not limited; no other body comes near this size."""


class BodyTooLarge(APIException):
    status_code = 413
    default_code = "body-too-large"
    default_detail = f"The body exceeds {MAX_BODY:,} bytes. Only imported files may be larger."


class BoundedJSONParser(JSONParser):
    """DRF's JSON parser with a size limit; JSON that is nested too deeply is a client error."""

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
