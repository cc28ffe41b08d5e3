"""The portal's URLs, and the baselines' beside them."""

from django.urls import path

from benchmarks import baselines
from portal.urls import urlpatterns as portal_urls

urlpatterns = [
    *portal_urls,
    path("bench/rows/", baselines.rows_as_they_are),
    path("bench/textbook/", baselines.Textbook.as_view()),
    path("bench/ninja/", baselines.ninja.urls),
]
