"""The API's description: its OpenAPI document and the page that displays it."""

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from labeling.api.base import Scoped
from labeling.models import Scope


class SchemaView(Scoped, SpectacularAPIView):
    scopes = {"GET": Scope.READ}


class DocumentationView(Scoped, SpectacularSwaggerSplitView):
    scopes = {"GET": Scope.READ}
