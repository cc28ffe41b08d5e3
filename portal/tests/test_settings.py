"""An installation says at start-up what it lacks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal import settings as module

ROOT = Path(__file__).resolve().parents[2]
COMPLETE = {
    "DATABASE_URL": "postgres://portal@localhost/portal",
    "SECRET_KEY": "k" * 20 + "0123456789abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "portal.example",
    "DOCUMENTS_DIR": "/srv/documents",
}
WITH_MAIL = COMPLETE | {
    "EMAIL_URL": "smtp+tls://portal:s%40crab@mail.example:587",
    "DEFAULT_FROM_EMAIL": "Navigation <care@portal.example>",
    "PUBLIC_URL": "https://portal.example/",
}


def manage(arguments: list[str], environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    clean = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "PYTHONPATH"}}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "missing", ["SECRET_KEY", "ALLOWED_HOSTS", "DEFAULT_FROM_EMAIL", "PUBLIC_URL"]
)
def test_installation_without_a_required_value_names_it(missing: str) -> None:
    environment = {name: value for name, value in WITH_MAIL.items() if name != missing}

    result = manage(["check"], environment)

    assert result.returncode != 0
    assert f"{missing} is not set" in result.stderr


@pytest.mark.parametrize("environment", [COMPLETE, WITH_MAIL], ids=["silent", "with mail"])
def test_complete_installation_passes_the_deploy_check(environment: dict[str, str]) -> None:
    result = manage(["check", "--deploy", "--fail-level", "WARNING"], environment)

    assert result.returncode == 0, result.stderr


def test_installation_that_does_not_say_where_documents_go_fails_the_deploy_check() -> None:
    environment = {name: value for name, value in COMPLETE.items() if name != "DOCUMENTS_DIR"}

    result = manage(["check", "--deploy", "--fail-level", "WARNING"], environment)

    assert result.returncode != 0
    assert "Set DOCUMENTS_DIR, or DOCUMENTS_S3_BUCKET" in result.stderr


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that says nothing about documents, in which every package is installed."""
    for name in [name for name in os.environ if name.startswith("DOCUMENTS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(module, "find_spec", lambda _name: object())
    return monkeypatch


def test_documents_are_in_a_private_folder_by_default(environment: pytest.MonkeyPatch) -> None:
    by_default = module.documents()
    environment.setenv("DOCUMENTS_DIR", "/srv/documents")
    chosen = module.documents()

    assert by_default == {
        "BACKEND": "portal.core.storage.PrivateFiles",
        "OPTIONS": {"location": str(module.DATA_DIR / "documents")},
    }
    assert chosen["OPTIONS"] == {"location": "/srv/documents"}


def test_documents_are_in_a_bucket_when_one_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DOCUMENTS_S3_BUCKET", "patients")
    environment.setenv("DOCUMENTS_S3_PREFIX", "portal")
    environment.setenv("DOCUMENTS_S3_REGION", "eu-west-1")

    assert module.documents() == {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": "patients",
            "location": "portal",
            "region_name": "eu-west-1",
            "endpoint_url": None,
            "default_acl": None,
            "file_overwrite": False,
            "signature_version": "s3v4",
        },
    }


def test_documents_in_two_places_are_refused(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DOCUMENTS_S3_BUCKET", "patients")
    environment.setenv("DOCUMENTS_DIR", "/srv/documents")

    with pytest.raises(ImproperlyConfigured, match="both set"):
        module.documents()


@pytest.mark.parametrize(
    ("lacking", "named"), [("storages", "django-storages"), ("boto3", "boto3")]
)
def test_bucket_without_its_package_names_it(
    lacking: str, named: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DOCUMENTS_S3_BUCKET", "patients")
    environment.setattr(module, "find_spec", lambda name: None if name == lacking else object())

    with pytest.raises(ImproperlyConfigured, match=f"needs the package {named}, which is not"):
        module.documents()


# --- mail


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}),
        ("file:", {"EMAIL_BACKEND": "portal.core.mailbox.Folder"}),
        ("console:", {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}),
        (
            WITH_MAIL["EMAIL_URL"],
            {
                "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "EMAIL_HOST": "mail.example",
                "EMAIL_PORT": 587,
                "EMAIL_HOST_USER": "portal",
                "EMAIL_HOST_PASSWORD": "s@crab",
                "EMAIL_USE_TLS": True,
            },
        ),
        (
            "ses://eu-west-1",
            {
                "EMAIL_BACKEND": "anymail.backends.amazon_ses.EmailBackend",
                "ANYMAIL": {"AMAZON_SES_CLIENT_PARAMS": {"region_name": "eu-west-1"}},
            },
        ),
    ],
    ids=["off", "folder", "console", "smtp", "ses"],
)
def test_mail_leaves_as_the_url_says(
    url: str, expected: dict[str, object], environment: pytest.MonkeyPatch
) -> None:
    assert module.mail(url) == expected


def test_unknown_way_of_sending_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="begins with pigeon:"):
        module.mail("pigeon://loft")


@pytest.mark.parametrize(("lacking", "named"), [("anymail", "django-anymail"), ("boto3", "boto3")])
def test_ses_without_its_package_names_it(
    lacking: str, named: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(module, "find_spec", lambda name: None if name == lacking else object())

    with pytest.raises(ImproperlyConfigured, match=f"needs the package {named}, which is not"):
        module.mail("ses://eu-west-1")
