"""All URLs: pages first, then the API, then those for machines."""

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path

from config.health import healthz, readyz
from config.metrics import metrics
from config.status import status
from labeling.api.views.description import SchemaView
from labeling.api.views.problems import problem_page, problems_page
from labeling.web.edge import form_of
from labeling.web.language import set_language, words
from labeling.web.login import SignInView, admin_login, second_step
from labeling.web.passkeys import passkey_sign_in
from labeling.web.providers import provider_callback, provider_sign_in
from labeling.web.saml import saml_answer, saml_finish, saml_metadata

handler400 = "config.security.wrong_request"
handler404 = "config.security.not_found"
handler500 = "config.security.server_error"

urlpatterns = [
    path("login/", SignInView.as_view(), name="login"),
    path("login/", SignInView.as_view(), name="account_login"),  # allauth's name for it
    path("login/code/", second_step, name="second_step"),
    path("login/passkey/", passkey_sign_in, name="passkey_sign_in"),
    path("login/with/<slug:provider_id>/", provider_sign_in, name="provider_sign_in"),
    path("login/with/<slug:provider_id>/callback/", provider_callback, name="openid_connect_callback"),
    path("login/with/saml/answer/", saml_answer, name="saml_answer"),
    path("login/with/saml/finish/", saml_finish, name="saml_finish"),
    path("login/with/saml/metadata/", saml_metadata, name="saml_metadata"),
    path("logout/", form_of("home")(auth_views.LogoutView.as_view()), name="logout"),
    path("language/", set_language, name="set_language"),
    path("words.js", words, name="words"),
    path("", include("labeling.web.urls")),
    path("", include("training.web.urls")),
    path("api/v1/", include("labeling.api.urls")),
    path("api/v1/", include("training.api.urls")),
    path("api/v1/schema/", SchemaView.as_view(), name="schema"),
    path("problems/", problems_page, name="problems"),
    path("problems/<slug:name>", problem_page, name="problem"),
    path("admin/login/", admin_login, name="admin_login"),  # before Django's own, which knows of no second factor
    path("admin/", admin.site.urls),
    path("status/", status, name="status"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
