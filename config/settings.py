"""Settings. Everything that differs between machines comes from the environment, with safe production defaults.

`make run` sets the environment on a bare machine (see `config.embedded`); production sets the same variables itself.
"""

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

import environ
from django.core.exceptions import ImproperlyConfigured

from config.api_description import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS
from config.sign_in import oidc_provider, saml_provider
from config.version import VERSION as VERSION

BASE_DIR = Path(__file__).resolve().parent.parent
# When this process began. The workers of a platform come up after its web server.
STARTED_AT = datetime.now(UTC)
env = environ.Env()


def _required(name: str, hint: str) -> str:
    """The value of an environment variable, or an error that says what to do."""
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {hint} On your own machine, `make run` sets all variables.")
    return str(value)


DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = _required("SECRET_KEY", "Set it to a long random string and keep it the same across restarts.")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
CSRF_FAILURE_VIEW = "labeling.web.csrf_failure.csrf_failure"

# The directory for data outside the database: models, runs, snapshots, versions. Shared by web and workers.
VAR_DIR = Path(env.str("CHOSEN_VAR", default=str(BASE_DIR / "var"))).absolute()
# The storage that machines share which do not share VAR_DIR: any address of fsspec, s3://bucket/prefix for instance.
# Empty: there is none. Its options are a JSON object; copies on the disk of each machine may take so many GiB.
STORAGE_URL = env.str("STORAGE_URL", default="")
STORAGE_OPTIONS = env.str("STORAGE_OPTIONS", default="{}")
STORAGE_CACHE_GIB = env.float("STORAGE_CACHE_GIB", default=50.0)

INSTALLED_APPS = [
    "labeling",  # first: its commands go before those of Django
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "allauth.mfa",
    "config",  # its checks
    "common",  # its template tags
    "training",
]

MIDDLEWARE = [
    "config.health.HealthMiddleware",
    "config.request_log.RequestLogMiddleware",
    "config.metrics.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.compression.CompressionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.bodies.BodyLimitMiddleware",  # before anything reads a form
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.security.ContentSecurityPolicyMiddleware",
    "config.rendering.RenderingBudgetMiddleware",
    "labeling.web.sessions.SessionActivityMiddleware",
    "labeling.web.duties.DutiesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "labeling.web.language.words_version",
                "labeling.web.inbox.user_attention",
                "config.product.product",
            ],
        },
    },
]

DATABASES = {
    "default": {
        **env.db_url_config(_required("DATABASE_URL", "Point it at PostgreSQL 15 or newer (postgresql://...).")),
        "CONN_HEALTH_CHECKS": True,
    }
}
if "postgresql" not in str(DATABASES["default"]["ENGINE"]):
    raise ImproperlyConfigured("DATABASE_URL must be a postgresql:// address: Chosen runs on PostgreSQL only.")
# The web server's threads share a pool; workers and commands hold one connection each.
# PostgreSQL caches the plans of the most frequent statements (common.database.prepared). Turn this off behind a pooler
# that reassigns connections after each transaction and does not support prepared statements.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
if env.bool("DATABASE_PREPARE", default=True):
    DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = 5
if env.bool("DATABASE_POOL", default=False):
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": env.int("DATABASE_POOL_SIZE", default=16),
        "timeout": 3,  # seconds: with the database away, requests are refused, and do not pile up
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 600

# A statement that runs longer is ended, in the processes that set this (the web server); 0: no limit. An idle
# transaction ends after five times as long: a client that stopped reading must not hold rows for ever.
if statement_seconds := env.int("DATABASE_STATEMENT_SECONDS", default=0):
    options = DATABASES["default"].setdefault("OPTIONS", {})
    options["options"] = (
        f"{options.get('options', '')} -c statement_timeout={statement_seconds}s "
        f"-c idle_in_transaction_session_timeout={5 * statement_seconds}s"
    ).strip()

AUTH_USER_MODEL = "labeling.User"
AUTHENTICATION_BACKENDS = ["labeling.signing_in.PatientBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

# Signing in with the accounts of a company: any provider that speaks OpenID Connect. Off without an issuer.
# New people come in if they open an invitation's link first, or if their address is in one of these domains.
OIDC_ISSUER = env.str("OIDC_ISSUER", default="")
OIDC_NAME = env.str("OIDC_NAME", default="Single sign-on")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", default="")
# Their addresses are believed though the provider does not say that it confirmed them (Entra ID does not).
OIDC_TRUSTED_DOMAINS: list[str] = env.list("OIDC_TRUSTED_DOMAINS", default=[])
# The same with a provider that speaks SAML 2.0; needs the packages of requirements/saml.txt. Off without an entity id.
SAML_ENTITY_ID = env.str("SAML_ENTITY_ID", default="")
SAML_NAME = env.str("SAML_NAME", default="Single sign-on")
SAML_SSO_URL = env.str("SAML_SSO_URL", default="")
SAML_CERTIFICATE = env.str("SAML_CERTIFICATE", default="", multiline=True)
SAML_TRUSTED_DOMAINS: list[str] = env.list("SAML_TRUSTED_DOMAINS", default=[])
# Whether passwords sign in as well. Off: the provider alone decides, with the second factor that it asks for.
PASSWORD_SIGN_IN = env.bool("PASSWORD_SIGN_IN", default=True)
SIGN_IN_DOMAINS: list[str] = env.list("SIGN_IN_DOMAINS", default=[])
SOCIALACCOUNT_PROVIDERS = {
    **oidc_provider(OIDC_ISSUER, OIDC_NAME, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET),
    **saml_provider(SAML_ENTITY_ID, SAML_NAME, SAML_SSO_URL, SAML_CERTIFICATE),
}
SOCIALACCOUNT_ADAPTER = "labeling.web.providers.ProviderAdapter"
ACCOUNT_ADAPTER = "labeling.web.login.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"  # addresses are ours: labeling.actions.accounts confirms them

# The second factor (codes of an app, recovery codes): "optional", or demanded of "leads" (and admins) or of "all" who
# sign in with a password; "off": nobody is asked for one.
SECOND_FACTOR = env.str("SECOND_FACTOR", default="optional")
if SECOND_FACTOR not in ("off", "optional", "leads", "all"):
    raise ImproperlyConfigured("SECOND_FACTOR is off, optional, leads or all.")
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ADAPTER = "labeling.actions.sealing.SealingAdapter"

PASSWORD_RESET_TIMEOUT = 4 * 3600  # the links of our e-mails

# E-mail: EMAIL_URL (smtp+tls://user:password@host:587, consolemail://), or EMAIL_HOST and the variables beside it.
# Without either, nothing is sent, and pages do not offer it.
EMAIL_URL = env.str("EMAIL_URL", default="")
EMAIL_HOST = env.str("EMAIL_HOST", default="")
if EMAIL_URL:
    globals().update(env.email_url_config(EMAIL_URL))
elif EMAIL_HOST:
    EMAIL_PORT = env.int("EMAIL_PORT", default=587)
    EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
    EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
    EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=True)
else:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", default="Chosen <chosen@localhost>")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "frontend"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.staticfiles.HashedStaticFilesStorage"},
}

WHITENOISE_ALLOW_ALL_ORIGINS = False  # its header would be sent with every file, and no other site uses our files

# HTTPS is the default, except in the embedded run, which serves plain HTTP on the loopback address.
HTTPS = env.bool("HTTPS", default=not DEBUG)
SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS and env.bool("HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = HTTPS and env.bool("HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # both off: other sites may be on names below ours
SECURE_REFERRER_POLICY = "same-origin"
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
# Bytes of any body, except of imports: those are streamed and limited by record (labeling.exchange).
BODY_LIMIT = DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000

# The largest file, in MB, that the form of a new campaign keeps between its steps. Imports on the Data page have none.
UPLOAD_LIMIT_MB = env.int("UPLOAD_LIMIT_MB", default=200)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "labeling.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["labeling.api.parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "labeling.api.schema.Described",
    "EXCEPTION_HANDLER": "labeling.api.problems.exception_handler",
}
# Calls per minute of one token, or of one person's browser, in each server process; 0: no limit. A burst may use the
# calls of a whole minute at once.
API_LIMITS = {
    "judge": env.int("API_LIMIT_JUDGE", default=3000),
    "read": env.int("API_LIMIT_READ", default=1200),
    "write": env.int("API_LIMIT_WRITE", default=600),
    "files": env.int("API_LIMIT_FILES", default=60),
}
# Failures per minute before the client has to wait: sign-ins with one name from one network (an IPv4 address, an IPv6
# /64), with any name from one network, with one name from anywhere, and, in each server process, invalid tokens from
# one address; 0: no limit.
SIGN_IN_LIMITS = {
    "name": env.int("SIGN_IN_LIMIT_NAME", default=5),
    "address": env.int("SIGN_IN_LIMIT_ADDRESS", default=30),
    "account": env.int("SIGN_IN_LIMIT_ACCOUNT", default=20),
    "token": env.int("SIGN_IN_LIMIT_TOKEN", default=60),
}
BROKER_URL = _required("BROKER_URL", "Point it at Redis, Valkey or RabbitMQ (redis://... or amqp://...).")
CELERY_BROKER_URL = BROKER_URL
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True  # a job's state is in its row, never in a result backend
CELERY_TASK_DEFAULT_QUEUE = "default"
# Long jobs have separate queues, so that short ones never wait for them.
CELERY_TASK_ROUTES = {
    "training.tasks.run_generation": {"queue": "generate"},
    "training.tasks.run_suite": {"queue": "generate"},
    "training.tasks.run_training": {"queue": "train"},
    "training.tasks.join_run": {"queue": "train"},
    "training.tasks.run_gate": {"queue": "generate"},  # it may wait for model servers, and needs no GPU
    "training.tasks.run_evaluation": {"queue": "train"},
    "training.tasks.run_price": {"queue": "train"},
    "training.tasks.run_selection": {"queue": "train"},
    "training.tasks.run_blame": {"queue": "lens"},
    "training.tasks.run_groups": {"queue": "lens"},
    "training.tasks.run_lens": {"queue": "lens"},
    "training.tasks.run_lab": {"queue": "lens"},
    "labeling.tasks.count_statistics": {"queue": "lens"},  # it may take a minute, and a person waits for it
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A message without an acknowledgement is delivered again after this time. It is longer than any run, so that no run
# starts twice. Lost jobs are recovered sooner, from their rows: see the sweep in training.tasks.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 24 * 3600}
# A broker that says nothing, before or after it took the call, holds up nobody.
if BROKER_URL.startswith(("redis", "valkey")):
    CELERY_BROKER_TRANSPORT_OPTIONS |= {"socket_connect_timeout": 5, "socket_timeout": 5}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# Where people reach the pages: the beginning of the links in e-mail.
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")

# Whether webhooks may point into private networks. Off: nobody should reach services that only this server can reach.
WEBHOOKS_ALLOW_PRIVATE = env.bool("WEBHOOKS_ALLOW_PRIVATE", default=False)

# The addresses of vLLM or other OpenAI-compatible servers, separated by commas. Empty: the embedded sampler.
GENERATOR_URLS: list[str] = [url.strip() for url in env.list("GENERATOR_URL", default=[]) if url.strip()]
GENERATOR_API_KEY = env.str("GENERATOR_API_KEY", default="")
# Concurrent requests to all servers together. Each may ask for several completions.
# The model judge of scenario suites: OpenAI-compatible servers, separated by commas, and its name there. Empty: none.
JUDGE_URLS = env.list("JUDGE_URL", default=[])
JUDGE_MODEL = env.str("JUDGE_MODEL", default="")
JUDGE_API_KEY = env.str("JUDGE_API_KEY", default="")
GENERATOR_CONCURRENCY = env.int("GENERATOR_CONCURRENCY", default=48)
# How the servers make room for a run on the same machine: "sleep" (vLLM frees its GPU memory), "stop" (the server of
# `make run GENERATOR=vllm` is stopped and restarted), or empty if servers and runs share no machine.
GENERATOR_HANDOVER = env.str("GENERATOR_HANDOVER", default="")
GENERATOR_STOP_COMMAND = env.str("GENERATOR_STOP_COMMAND", default="")
GENERATOR_START_COMMAND = env.str("GENERATOR_START_COMMAND", default="")
# Whether a generation and a run may use a machine at the same time where its memory allows it, and how much memory they
# leave free for everything else (docs/explanation/generation.md).
JOBS_SIDE_BY_SIDE = env.bool("JOBS_SIDE_BY_SIDE", default=True)
JOBS_MEMORY_RESERVE_GIB = env.float("JOBS_MEMORY_RESERVE_GIB", default=0.5)
# The processes of a run on each host (0: one for each GPU, else one), the hosts of a run, and the name under which the
# others reach this one (docs/operations/gpus.md).
TRAINING_GPUS = env.int("TRAINING_GPUS", default=0)
TRAINING_HOSTS = env.int("TRAINING_HOSTS", default=1)
TRAINING_ADDRESS = env.str("TRAINING_ADDRESS", default="")
# The base model of new versions: a directory in Hugging Face layout. Prepared by `manage.py demo`.
BASE_MODEL_NAME = env.str("BASE_MODEL_NAME", default="smollm2-135m-instruct")
BASE_MODEL_DIR = Path(env.str("BASE_MODEL_DIR", default=str(VAR_DIR / "models" / BASE_MODEL_NAME))).absolute()
# The samples that a version writes for its evaluation: held-out prompts, one sample each, and the tokens of a sample.
EVALUATION_PROMPTS = env.int("EVALUATION_PROMPTS", default=24)
EVALUATION_TOKENS = env.int("EVALUATION_TOKENS", default=64)
# How many of its 150 prompts the demo campaign gets.
DEMO_PROMPTS = env.int("DEMO_PROMPTS", default=150)
# With a token, /metrics has figures for Prometheus. The processes of a web server count in files that they share; those
# lie in memory, since a full disk would end a process that writes to them.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
if METRICS_TOKEN:
    memory = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path(tempfile.gettempdir())  # noqa: S108 - private
    folder = memory / f"chosen-metrics-{os.getuid()}-{crc32(str(VAR_DIR).encode()):08x}"
    folder.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(folder))
# Lines of text, or one JSON object a line, with the ids of request and job and the pseudonym of the person.
LOG_FORMAT = env.str("LOG_FORMAT", default="text")
if LOG_FORMAT not in ("text", "json"):
    raise ImproperlyConfigured("LOG_FORMAT is text or json.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "json": {"()": "config.request_log.JsonLines"},
    },
    "filters": {"secret_paths": {"()": "config.secret_paths.SecretPaths"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["secret_paths"]}},
    "loggers": {"urllib3": {"level": "ERROR"}},  # our own code logs a server's failures, and knows what they mean
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
