"""In what zone moments were written, as a profile finds it in the rows of an export."""

from pathlib import Path

from crm_import import profiling
from crm_import.tests import exports
from crm_import.tests.exports import contact, guid
from crm_import.tests.test_profile import crm_profile, table


def test_row_64_hours_of_one_web_form_are_told(db: None, tmp_path: Path) -> None:
    def booked(number: int, month: int, hour: int, by: int) -> dict[str, str]:
        day = number % 28 + 1
        moment = f"2024-{month:02}-{day:02}T{hour:02}:00:00Z"
        return contact(number, f"N{number}", "Berg", booking_date=moment, createdby=guid(by))

    people = [booked(n, 1, 8 + n % 4, 900) for n in range(100)]
    people += [booked(100 + n, 7, 7 + n % 4, 900) for n in range(100)]
    form = [booked(200 + n, 1 + 6 * (n % 2), 9 + n // 2 % 4, 901) for n in range(200)]
    folder = exports.write(tmp_path / "export", contacts=people + form)

    profile = profiling.run(source=folder)

    hours = {h.creator: h for d in table(profile, "Contact").dates for h in d.hours}
    assert (hours[guid(900)].reading, hours[guid(901)].reading) == ("instants", "wall_clock")
    (shifted,) = [f for f in profile.findings if f.code == "shifted_hours"]
    assert (shifted.severity, shifted.rows, guid(901) in shifted.text) == ("warning", 200, True)


def test_hours_of_people_are_told_to_be_instants(db: None, tmp_path: Path) -> None:
    rows = [
        contact(n, f"N{n}", "Berg", booking_date=f"2024-{month:02}-05T{hour + n % 2:02}:00:00Z")
        for n, month, hour in [(n, 1, 9) for n in range(30)] + [(n, 7, 8) for n in range(30, 60)]
    ]

    _code, out, _err = crm_profile(exports.write(tmp_path / "export", contacts=rows))

    assert "the same local hours in summer and winter: real instants" in out


def test_creators_that_are_names_are_not_shown(db: None, tmp_path: Path) -> None:
    rows = [
        contact(n, f"N{n}", "Berg", createdby="Ada", booking_date="2024-01-05T09:00:00Z")
        for n in range(25)
    ]
    folder = exports.write(tmp_path / "export", contacts=rows)

    masked = profiling.run(source=folder)
    plain = profiling.run(source=folder, include_personal=True)

    creators = [
        [hours.creator for dates in table(found, "Contact").dates for hours in dates.hours]
        for found in (masked, plain)
    ]
    assert creators == [[None, "creator 1"], [None, "Ada"]]
