"""What anybody may open: the landing page."""

from django.urls import path

from portal.public import views

app_name = "public"
urlpatterns = [
    path("", views.start, name="start"),
    path("next/", views.what_next, name="next"),
    path("resume/<str:token>/", views.resume, name="resume"),
    path("another/", views.another, name="another"),
    path("conditions/", views.conditions, name="conditions"),
    path("privacy/", views.privacy, name="privacy"),
]
