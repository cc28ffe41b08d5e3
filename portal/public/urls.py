"""What anybody may open: the landing page, and the call that was booked on it."""

from django.urls import path

from portal.public import changing, step_two, views

app_name = "public"
urlpatterns = [
    path("", views.start, name="start"),
    path("next/", step_two.what_next, name="next"),
    path("next/call.ics", step_two.calendar, name="calendar"),
    path("call/cancelled/", changing.cancelled, name="cancelled"),
    # Any tail: a link that was cut off or copied with too much is answered, and not logged.
    path("call/<path:token>/", changing.call, name="call"),
    path("resume/<str:token>/", views.resume, name="resume"),
    path("another/", views.another, name="another"),
    path("conditions/", views.conditions, name="conditions"),
    path("privacy/", views.privacy, name="privacy"),
]
