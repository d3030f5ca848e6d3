"""The sign-in page."""

from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpResponse

from labeling.signing_in import WAIT
from labeling.web.providers import sign_in_providers


class SignInView(LoginView):
    """Django's view; after too many failures it says how long to wait (429)."""

    template_name = "login.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(providers=sign_in_providers(), by_password=settings.PASSWORD_SIGN_IN, **kwargs)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        seconds = getattr(self.request, WAIT, 0)
        response = self.render_to_response(self.get_context_data(form=form, wait=seconds))
        if seconds:
            response.status_code = 429
            response.headers["Retry-After"] = str(seconds)
        return response
