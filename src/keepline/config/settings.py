"""Django's settings, made from the KEEPLINE_* variables (config/environment.py)."""

import os
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from keepline.config import carrier_elements
from keepline.config.checkouts import checkout_origins
from keepline.config.environment import Environment
from keepline.config.live import live_sources

ENV = Environment.read(os.environ)
PACKAGE = Path(__file__).resolve().parent.parent

SECRET_KEY = ENV.secret_key
SECRET_KEY_FALLBACKS = list(ENV.secret_key_fallbacks)
DEBUG = False
ALLOWED_HOSTS = ENV.allowed_hosts
PRODUCTION = ENV.mode == "production"
SMDP_CALLERS = carrier_elements.callers(ENV.carrier_elements)

INSTALLED_APPS = [
    "keepline.audit.apps.AuditConfig",
    "keepline.accounts.apps.AccountsConfig",
    "keepline.catalog.apps.CatalogConfig",
    "keepline.inventory.apps.InventoryConfig",
    "keepline.ledger.apps.LedgerConfig",
    "keepline.lines.apps.LinesConfig",
    "keepline.porting.apps.PortingConfig",
    "keepline.orders.apps.OrdersConfig",
    "keepline.payments.apps.PaymentsConfig",
    "keepline.usage.apps.UsageConfig",
    "keepline.messages.apps.MessagesConfig",
    "keepline.config.apps.WiringConfig",
    "keepline.portal.apps.PortalConfig",
    "keepline.backoffice.apps.BackofficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "keepline.api.lane.ApiLane",  # answers /v1/ itself: what follows is for browsers
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "keepline.portal.middleware.HolderMiddleware",
]

ROOT_URLCONF = "keepline.config.urls"
WSGI_APPLICATION = "keepline.config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "portal" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "keepline.portal.language.help_address",
            ],
        },
    }
]


def database(url: str) -> dict[str, Any]:
    """Django's settings for one PostgreSQL URL.

    No statement_timeout: it would cover COMMIT, and a cancelled COMMIT may have happened.
    """
    parts = conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "keepline"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": False,
        "OPTIONS": {
            **parts,
            # Real parameters and prepared statements: planning is half of a short statement.
            "server_side_binding": True,
            "prepare_threshold": 3,
            "options": "-c lock_timeout=4s -c idle_in_transaction_session_timeout=30s"
            # What a dead process asked last holds no locks for longer than this.
            " -c client_connection_check_interval=5s",
        },
    }


DATABASES = {"default": database(ENV.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"

CACHES = {
    # Rate-limit counters must be shared by all processes: each alone would let guesses through.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
        # Django's 300 would let a stranger push the counters out by making more of them.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "session"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_FAILURE_VIEW = "keepline.portal.errors.forbidden_form"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if ENV.trusted_proxy_count:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'", *live_sources(ENV.live_url, ENV.live_port, PRODUCTION)],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        # Browsers apply form-action to the redirect that follows a post: pay leads there.
        "form-action": ["'self'", *checkout_origins(ENV)],
    }
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("ru", "Русский"), ("uk", "Українська")]
LOCALE_PATHS = [PACKAGE / "portal" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = ENV.data / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if ENV.mode == "test":
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DEFAULT_FROM_EMAIL = ENV.email_from
LOGGING_CONFIG = "keepline.config.logs.configure"
LOGGING: dict[str, Any] = {"format": ENV.log_format, "secrets": ENV.secrets()}

from keepline.config.signin import *  # noqa: E402, F403  (allauth's settings, a page of their own)

PROCRASTINATE_IMPORT_PATHS = ["keepline.workers.tasks"]
