"""Until when somebody has to be told of an adverse event, as columns of the database.

Sources of the clocks:
- To the sponsor: the investigator reports a serious adverse event immediately (21 CFR 312.64(b)),
  in the EU within 24 hours of obtaining knowledge of it (Regulation (EU) 536/2014, article 41(2)).
  A physician who treats under expanded access is an investigator (21 CFR 312.305(c)).
- To the authority: a suspected, unexpected reaction that is fatal or life-threatening within 7
  calendar days, any other serious one within 15 (21 CFR 312.32(c)(2) and (c)(1); Regulation (EU)
  536/2014, article 42(2), before it Directive 2001/20/EC, article 17(1)).
- What makes an event serious: ICH E2A, section II.B.

The law counts the 7 and 15 days from when the sponsor knew, or later: in the US the 15 from when
the sponsor found that it has to be reported. Here they are counted from the first moment that
anybody on this side knew, so a report that keeps our clock keeps theirs. They are counted in hours,
so the moment is never later than the day, in whatever time zone.
"""

from typing import Any

from django.db import models
from django.db.models import Case, Func, Q, Value, When


class HoursLater(Func):
    """A moment some hours after another one; unlike `+ interval`, the same in every time zone."""

    template = "timezone('UTC', timezone('UTC', %(expressions)s) + interval '%(hours)s hours')"
    output_field = models.DateTimeField()

    def __init__(self, expression: Any, *, hours: int) -> None:
        super().__init__(expression, hours=hours)


class LatestDay(Func):
    """The day of a moment where on earth it is latest (UTC+14)."""

    template = "(timezone('UTC', %(expressions)s) + interval '14 hours')::date"
    output_field = models.DateField()


HOURS_TO_SPONSOR = 24
HOURS_WHEN_LIFE_IS_AT_RISK = 7 * 24
HOURS_WHEN_SERIOUS = 15 * 24

_LIFE_AT_RISK = ["death", "life_threatening"]
NO_MOMENT = Value(None, models.DateTimeField())
# What nobody has assessed counts as the worse: a clock that runs in vain can be closed, one that
# did not run cannot be made up for.
_SUSPECTED = ~Q(relatedness="not_related") & ~Q(expectedness="expected")
FOR_SPONSOR = Case(
    When(seriousness__len__gt=0, then=HoursLater("aware_at", hours=HOURS_TO_SPONSOR)),
    default=NO_MOMENT,
    output_field=models.DateTimeField(),
)
FOR_AUTHORITY = Case(
    When(
        _SUSPECTED & Q(seriousness__overlap=_LIFE_AT_RISK),
        then=HoursLater("aware_at", hours=HOURS_WHEN_LIFE_IS_AT_RISK),
    ),
    When(
        _SUSPECTED & Q(seriousness__len__gt=0),
        then=HoursLater("aware_at", hours=HOURS_WHEN_SERIOUS),
    ),
    default=NO_MOMENT,
    output_field=models.DateTimeField(),
)
