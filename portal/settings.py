"""The settings: one file, values from the environment (docs/operators.md lists them).

Without DATABASE_URL the portal runs on its embedded PostgreSQL and is a demonstration on one
laptop: a secret is made and kept in the data folder, and plain HTTP is allowed. With DATABASE_URL
it is an installation: what is missing is named at start-up and nothing has a working default.
"""

import secrets
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from portal import embedded
from portal.site.theme import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()

DATA_DIR = Path(env.str("PORTAL_DATA_DIR", default=str(BASE_DIR / ".data"))).absolute()
EMBEDDED = not env.str("DATABASE_URL", default="")


def required(name: str) -> str:
    """The value of an environment variable an installation cannot do without."""
    value = str(env.str(name, default=""))
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. With DATABASE_URL the portal needs it; see docs/operators.md."
        )
    return value


def demonstration_secret() -> str:
    """A secret made on the first run and kept beside the embedded database."""
    path = DATA_DIR / "secret_key"
    if not path.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"secret_key.{secrets.token_hex(4)}")
        new.touch(mode=0o600)
        new.write_text(secrets.token_urlsafe(50), encoding="utf-8")
        try:
            path.hardlink_to(new)  # of two processes that start at once, the first one wins
        except FileExistsError:
            pass
        finally:
            new.unlink()
    return path.read_text(encoding="utf-8")


# --- what is installed -------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = demonstration_secret() if EMBEDDED else required("SECRET_KEY")
ALLOWED_HOSTS = (
    env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
    if EMBEDDED
    else [host.strip() for host in required("ALLOWED_HOSTS").split(",")]
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_countries",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "oauth2_provider",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
    "csp",
    "portal.core",
    "patients",
    "bookings",
    "referrals",
    "crm_import",
    "interop",
    "portal.apps.PortalConfig",
    "portal.apps.PortalAdminConfig",
]

MIDDLEWARE = [
    "portal.health.ProbeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.core.history.HistoryMiddleware",
    "portal.site.middleware.UserPreferencesMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "portal" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- database ----------------------------------------------------------------------------------


def database() -> dict[str, Any]:
    """The one database. Connections are pooled: opening one per request costs 8x."""
    if EMBEDDED:
        settings: dict[str, Any] = dict(embedded.connect(DATA_DIR))
    else:
        settings = dict(env.db_url("DATABASE_URL"))
    options = dict(settings.get("OPTIONS") or {})
    size = env.int("DATABASE_POOL_SIZE", default=8)
    if size:
        options["pool"] = {"min_size": 1, "max_size": size, "timeout": 10}
    return {
        **settings,
        "ENGINE": "django.db.backends.postgresql",
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": env.str("TEST_DATABASE_NAME", default="test_portal")},
    }


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- who may come in ---------------------------------------------------------------------------

AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = ["portal.core.backends.Accounts"]
LOGIN_URL = reverse_lazy("admin:login")
PASSWORD_HASHERS = ["portal.core.passwords.Argon2id"]
MINIMUM_PASSWORD_LENGTH = 8 if EMBEDDED else 12
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": MINIMUM_PASSWORD_LENGTH},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

OAUTH2_PROVIDER = {
    "ACCESS_TOKEN_EXPIRE_SECONDS": 15 * 60,
    # RFC 9700, the security best practice for OAuth 2.0, in full; only client credentials are used.
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,  # only a SHA-256 of each token is stored
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "SCOPES": {"api": "Use the REST API within the client's role"},
    "DEFAULT_SCOPES": ["api"],
}

# --- what leaves and what comes in ---------------------------------------------------------------

# Plain HTTP is for a laptop or a development container, never for an installation.
SECURE = not (EMBEDDED or env.bool("PLAIN_HTTP", default=False))
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=SECURE)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 3600 if SECURE else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = env.int("SESSION_COOKIE_AGE", default=10 * 3600)
CSRF_COOKIE_SECURE = SECURE
X_FRAME_OPTIONS = "DENY"
BEHIND_TLS_PROXY = env.bool("BEHIND_TLS_PROXY", default=False)
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many proxies of our own add an address to X-Forwarded-For; the rate limit believes no others.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=1 if BEHIND_TLS_PROXY else 0)
CSRF_FAILURE_VIEW = "portal.public.problems.forged"

# Who the public pages and the mails speak for.
ORGANISATION_NAME = env.str("ORGANISATION_NAME", default="Patient Navigation")
ORGANISATION_EMAIL = env.str("ORGANISATION_EMAIL", default="")
ORGANISATION_PHONE = env.str("ORGANISATION_PHONE", default="")

# --- mail ----------------------------------------------------------------------------------------

EMAIL_URL = env.str("EMAIL_URL", default="file:" if EMBEDDED else "")
# Without it an installation sends nothing, and says so where a message would have been sent.
MAIL_IS_ON = bool(EMAIL_URL)


def mail(url: str) -> dict[str, Any]:
    """The settings that a way of sending mail stands for."""
    scheme, _colon, rest = url.partition(":")
    if scheme in {"", "file", "console"}:
        backends = {
            "": "django.core.mail.backends.dummy.EmailBackend",
            "file": "portal.core.mailbox.Folder",
            "console": "django.core.mail.backends.console.EmailBackend",
        }
        return {"EMAIL_BACKEND": backends[scheme]}
    if scheme in {"smtp", "smtp+tls", "smtp+ssl"}:
        server = dict(env.email_url_config(url))
        return {name: value for name, value in server.items() if name != "EMAIL_FILE_PATH"}
    if scheme == "ses":
        for package, module in (("django-anymail", "anymail"), ("boto3", "boto3")):
            if find_spec(module) is None:
                raise ImproperlyConfigured(
                    f"EMAIL_URL with ses:// needs the package {package}, which is not installed: "
                    "pip install 'patient-navigation-portal[ses]'; see docs/operators.md."
                )
        region = rest.strip("/")
        return {
            "EMAIL_BACKEND": "anymail.backends.amazon_ses.EmailBackend",
            "ANYMAIL": {
                "AMAZON_SES_CLIENT_PARAMS": {"region_name": region} if region else {},
            },
        }
    raise ImproperlyConfigured(
        f"EMAIL_URL begins with {scheme}:, which the portal does not know; see docs/operators.md."
    )


globals().update(mail(EMAIL_URL))
EMAIL_FILE_PATH = DATA_DIR / "mail"
# A patient's row is locked while their mail is handed over.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = (
    required("DEFAULT_FROM_EMAIL")
    if MAIL_IS_ON and not EMBEDDED
    else env.str("DEFAULT_FROM_EMAIL", default=f"{ORGANISATION_NAME} <portal@localhost>")
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Where the portal is for people outside: what links in mails begin with.
PUBLIC_URL = (
    required("PUBLIC_URL")
    if MAIL_IS_ON and not EMBEDDED
    else env.str("PUBLIC_URL", default=f"http://127.0.0.1:{env.int('PORT', default=8000)}")
).rstrip("/")
# By the patient's clock no mail leaves before the one hour and from the other on.
MAIL_FROM_HOUR = env.int("MAIL_FROM_HOUR", default=8)
MAIL_UNTIL_HOUR = env.int("MAIL_UNTIL_HOUR", default=20)

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        # The admin theme writes style attributes; no script may be inline.
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DOCUMENT_MAX_BYTES = env.int("DOCUMENT_MAX_MB", default=20) * 1_000_000
FILE_UPLOAD_HANDLERS = [
    "portal.core.uploads.NoMoreThanNeeded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- REST --------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.api.authentication.ClientToken",
        "portal.api.authentication.BrowserSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["portal.core.permissions.ModelPermissions"],
    "DEFAULT_RENDERER_CLASSES": ["portal.api.renderers.JSON"],
    "DEFAULT_PARSER_CLASSES": ["portal.api.parsers.JSON"],
    "DEFAULT_PAGINATION_CLASS": "portal.core.pagination.NewestFirst",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "portal.api.schema.PortalSchema",
    "EXCEPTION_HANDLER": "portal.api.errors.problem",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Patient navigation portal",
    "DESCRIPTION": (
        "Patients, the calls with them and their referrals. Get a client with "
        "`manage.py api_client`, a token at `/oauth2/token/` (Authorize does it for you, tick the "
        "scope), and see `docs/api.md` for paging, entity tags and errors. Somebody who is logged "
        "in to the workplace needs no token."
    ),
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # The badge would send the schema's address to a host outside.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "docExpansion": "none", "validatorUrl": None},
    "COMPONENT_SPLIT_REQUEST": True,
    # Choices that share the name of their field.
    "ENUM_NAME_OVERRIDES": {
        "BookingStatusEnum": "bookings.models.Booking.Status",
        "CallOutcomeEnum": "bookings.models.Call.Outcome",
        "CallDecisionEnum": "bookings.models.Call.Decision",
        "ConsentDecisionEnum": "patients.models.Consent.Decision",
        "ContactPointKindEnum": "patients.models.ContactPoint.Kind",
        "CriterionKindEnum": "referrals.models.Criterion.Kind",
        "CriterionSexEnum": "referrals.models.Criterion.Sex",
        "DocumentKindEnum": "patients.models.Document.Kind",
        "DossierStepStatusEnum": "referrals.models.DossierStep.Status",
        "MeasureCategoryEnum": "patients.models.Measure.Category",
        "MeasureKindEnum": "patients.models.Measure.Kind",
        "ObservationSourceEnum": "patients.models.Observation.Source",
        "ObservationStatusEnum": "patients.models.Observation.Status",
        "PartyEnum": "bookings.models.Booking.Party",
        "ForConditionOriginEnum": "referrals.models.described.ForCondition.Origin",
        "PatientSexEnum": "patients.models.Patient.Sex",
        "ReferralReasonEnum": "referrals.models.Reason",
        "ReferralOutcomeEnum": "referrals.models.CTReferral.Outcome",
        "ReferralStatusEnum": "referrals.models.CTReferral.Status",
        "TrialSexEnum": "referrals.models.described.Described.Sex",
        "VerdictEnum": "referrals.models.Assessed.Verdict",
        "TrialStatusEnum": "referrals.models.catalogue.Recruiting",
    },
}

# --- language and time ---------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("nl", _("Dutch")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
FORMAT_MODULE_PATH = ["portal.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

# --- files and logs ------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "portal" / "static"]
# Whether somebody said where documents go; the folder of the code is no place for them.
DOCUMENTS_PLACED = EMBEDDED or any(
    env.str(name, default="")
    for name in ("DOCUMENTS_DIR", "DOCUMENTS_S3_BUCKET", "PORTAL_DATA_DIR")
)


def documents() -> dict[str, Any]:
    """Where documents of patients are stored: in a private folder, or in a bucket of S3."""
    folder = env.str("DOCUMENTS_DIR", default="")
    bucket = env.str("DOCUMENTS_S3_BUCKET", default="")
    if not bucket:
        location = Path(folder).absolute() if folder else DATA_DIR / "documents"
        return {
            "BACKEND": "portal.core.storage.PrivateFiles",
            "OPTIONS": {"location": str(location)},
        }
    if folder:
        raise ImproperlyConfigured(
            "DOCUMENTS_DIR and DOCUMENTS_S3_BUCKET are both set; documents go to one place."
        )
    for package, module in (("django-storages", "storages"), ("boto3", "boto3")):
        if find_spec(module) is None:
            raise ImproperlyConfigured(
                f"DOCUMENTS_S3_BUCKET needs the package {package}, which is not installed: "
                "pip install 'patient-navigation-portal[s3]'; see docs/operators.md."
            )
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "location": env.str("DOCUMENTS_S3_PREFIX", default=""),
            "region_name": env.str("DOCUMENTS_S3_REGION", default=None),
            "endpoint_url": env.str("DOCUMENTS_S3_ENDPOINT", default=None),
            # Nobody reads the bucket but the portal, and nothing in it is written twice.
            "default_acl": None,
            "file_overwrite": False,
            "signature_version": "s3v4",
        },
    }


# A laptop serves static files where they are; an installation collects them into the image.
DEVELOPING = EMBEDDED or DEBUG
STORAGES = {
    "default": documents(),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEVELOPING
if DEVELOPING:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING")},
}
