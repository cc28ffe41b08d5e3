"""Which spellings of a value are found, and what is not taken for one; SQL and Python agree."""

import pytest
from django.db import connection

from patients import sought
from patients.sought import Matcher

VALUES = {
    *sought.name("Žofie", "d’Été-Novák"),
    *sought.email("Ann.Berg@Example.org"),
    *sought.phone("06 12345678", country="NL"),
    ("id", "01a1fd50-eba2-7ece-8bf2-7dc2867bb607"),
    *sought.text('She said "never again" and that the Duchess of Nowhere told her so.\nBye'),
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("written by ŽOFIE  D'Ete-Novak yesterday", {"name"}),
        ("novák", set()),
        ("d'été novák, žofie", {"name"}),
        ("Zofie lives far away from the house of Novak", set()),
        ("mailto:ANN.BERG@example.org.", {"email"}),
        ("https://x.example/?to=ann.berg%40example.org&a=1", {"email"}),
        ("joann.berg@example.org", set()),
        ("ann.berg@example.org.uk", set()),
        ("+31612345678", {"phone"}),
        ("0031 6 12 34 56 78", {"phone"}),
        ("(06) 1234-5678!", {"phone"}),
        ("n:x p:612345678", {"phone"}),
        ("6123456789", set()),
        ("c0ffee612345678beef", set()),
        ("{01A1FD50-EBA2-7ECE-8BF2-7DC2867BB607}", {"id"}),
        ("/patients/01a1fd50eba27ece8bf27dc2867bb607/", {"id"}),
        ("and that the duchess of NOWHERE told her so.", {"text"}),
        ("the duchess of nowhere", set()),
    ],
)
def test_text_is_matched_as_people_spell_things(text: str, kinds: set[str]) -> None:
    matcher = Matcher(VALUES)

    found = {kind for kind, _value in matcher.found(text)}

    assert found == kinds
    condition, params = matcher.condition("portal_fold(%s)")
    filled = [one for param in params for one in (text, param)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {condition}", filled)
        [narrowed] = cursor.fetchone()
    assert narrowed or not kinds


@pytest.mark.parametrize(
    ("content", "is_found"),
    [
        ({"last_name": "d'Été-Novák", "time_zone": "x", "first_name": "Žofie"}, True),
        ([{"deep": ["Žofie d’Été-Novák"]}], True),
        ([{"first": "Žofie"}, "somebody else's", {"last": "d'Été-Novák"}], False),
        ({"Žofie d’Été-Novák": 1}, True),
    ],
)
def test_name_in_json_is_one_text_or_two_values_of_one_object(
    content: object, is_found: bool
) -> None:
    assert bool(Matcher(VALUES).found_in_json(content)) is is_found


@pytest.mark.parametrize(
    "values",
    [
        list(sought.name("Ada", "")),
        list(sought.name("A", "Li")),
        list(sought.email("n/a")),
        list(sought.phone("12345")),
        list(sought.text("No answer")),
        list(sought.text("01a1fd50-eba2-7ece-8bf2-7dc2867bb607")),
    ],
)
def test_what_would_be_found_everywhere_is_not_looked_for(values: list[object]) -> None:
    assert values == []


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_bytes_are_read_in_the_encodings_that_files_have(encoding: str) -> None:
    assert "Bergström" in sought.decoded("Anna Bergström".encode(encoding)) or encoding == "utf-16"
    assert "Anna Berg" in sought.decoded("Anna Bergström".encode(encoding))
