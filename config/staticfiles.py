"""Static files under hashed names, so that browsers may cache them forever."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Hashed and compressed files. Imports between ES modules are rewritten to the hashed names too."""

    support_js_module_import_aggregation = True
