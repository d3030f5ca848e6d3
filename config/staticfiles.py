"""Static files under hashed names, so that browsers may cache them forever, and without comments and indentation."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import rcssmin
import rjsmin
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

MINIFIERS = {".js": rjsmin.jsmin, ".css": rcssmin.cssmin}
OURS = ("js/", "css/", "vendor/")
"""Folders of `frontend/`. The files of Django and of other applications are served as they are."""

STYLE_IMPORT = re.compile(r'^@import "([^"]+)";$', re.MULTILINE)


class MinifiedStorage:
    """Reads another storage, our scripts and styles minified."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def open(self, path: str) -> Any:
        """The file to serve, open for reading bytes."""
        minify = MINIFIERS.get(PurePosixPath(path).suffix)
        if minify is None or not path.startswith(OURS):
            return self._storage.open(path)
        return ContentFile(minify(self._text(path)).encode())

    def _text(self, path: str) -> str:
        """A script, or a style with the styles that it imports written out: one request instead of one for each."""
        with self._storage.open(path) as source:
            text: str = source.read().decode()
        folder = PurePosixPath(path).parent
        return STYLE_IMPORT.sub(lambda found: self._text(str(folder / found[1])), text)


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Hashed, minified and compressed files. Imports between ES modules are rewritten to the hashed names too."""

    support_js_module_import_aggregation = True

    def post_process(
        self, paths: dict[str, tuple[Any, str]], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str, bool]]:
        """Django's own, over minified files: `collectstatic` calls it with the storage and path of every name."""
        minified = {name: (MinifiedStorage(storage), path) for name, (storage, path) in paths.items()}
        yield from super().post_process(minified, dry_run, **options)
