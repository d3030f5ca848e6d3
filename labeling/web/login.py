"""The page for signing in."""

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpResponse

from labeling.signing_in import WAIT


class SignInView(LoginView):
    """As Django's, but who failed too often is told how long to wait (429)."""

    template_name = "login.html"

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        seconds = getattr(self.request, WAIT, 0)
        answer = self.render_to_response(self.get_context_data(form=form, wait=seconds))
        if seconds:
            answer.status_code = 429
            answer.headers["Retry-After"] = str(seconds)
        return answer
