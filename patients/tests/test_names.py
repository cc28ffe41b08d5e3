"""How alike names are: the spellings of one person, and the people who only look like one."""

import pytest

from patients.names import Likeness, closest, compare, key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(("Anna", "Berg"), ("ANNA", "berg"), id="case"),
        pytest.param(("Anna", "Berg"), ("Berg", "Anna"), id="order"),
        pytest.param(("", "Berg Anna"), ("Anna", "Berg"), id="all in one field"),
        pytest.param(("José", "Muñoz"), ("Jose", "Munoz"), id="accents"),
        pytest.param(("Jos\u00e9", "N"), ("Jose\u0301", "N"), id="composed and decomposed"),
        pytest.param(("Łukasz", "Øster"), ("Lukasz", "Oster"), id="letters that do not decompose"),
        pytest.param(("Jan", "Strauß"), ("JAN", "STRAUSS"), id="sharp s"),
        pytest.param(("Sinéad", "O'Brien"), ("Sinead", "OBrien"), id="apostrophe left out"),
        pytest.param(("Sinéad", "O’Brien"), ("Sinead", "O'Brien"), id="two apostrophes"),
        pytest.param(("Jürgen", "Müller"), ("Juergen", "Mueller"), id="umlauts in two letters"),
        pytest.param(("Ju\u0308rgen", "M"), ("Juergen", "M"), id="a decomposed umlaut"),
        pytest.param(("Anne-Marie", "Berg"), ("Annemarie", "Berg"), id="hyphen left out"),
        pytest.param(("Ana", "García López"), ("Ana", "Garcia-Lopez"), id="two last names"),
        pytest.param(("Jan", "van der Berg"), ("Jan", "Vanderberg"), id="prefix run together"),
        pytest.param(("Sukarno", ""), ("", "sukarno"), id="one name only"),
        pytest.param(("王", "小明"), ("小明", "王"), id="no Latin letters"),
    ],
)
def test_compare_spellings_of_one_name_are_the_same(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert compare(one, other) is Likeness.SAME
    assert compare(other, one) is Likeness.SAME


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        (("Anna", "Berg"), ("A.", "Berg"), Likeness.INITIALS),
        (("Anna", "Berg"), ("Anna", "B"), Likeness.INITIALS),
        (("Robert", "Smith"), ("Bob", "Smith"), Likeness.NICKNAME),
        (("José", "Ruiz"), ("Pepe", "Ruiz"), Likeness.NICKNAME),
        (("Johannes", "de Vries"), ("Hans", "de Vries"), Likeness.NICKNAME),
        (("Anna", "Bergman"), ("Anna", "Bergmann"), Likeness.ONE_EDIT),
        (("Anna", "Bergman"), ("Anna", "Bregman"), Likeness.ONE_EDIT),
        (("Anna", "Bergman"), ("Anna", "Birgman"), Likeness.ONE_EDIT),
        (("Tim", "Oud"), ("Tom", "Oud"), Likeness.ONE_EDIT),
        (("Harley", "Stubbs"), ("Harly", "Stubs"), Likeness.ONE_EDIT),
        (("Anna Maria", "Berg"), ("Anna", "Berg"), Likeness.PART),
        (("", "Berg"), ("Anna", "Berg"), Likeness.PART),
        (("Anne Marie", "Bergmann"), ("Annemarie", "Bergman"), Likeness.ONE_EDIT),
    ],
)
def test_compare_a_name_that_may_be_the_same_says_how(
    one: tuple[str, str], other: tuple[str, str], likeness: Likeness
) -> None:
    assert compare(one, other) is likeness
    assert compare(other, one) is likeness
    assert likeness.is_close


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(("Anna", "Berg"), ("Lars", "Berg"), id="family"),
        pytest.param(("Li", "Oud"), ("Lu", "Oud"), id="one letter of two"),
        pytest.param(("Anna", "de Vries"), ("A", "de Boer"), id="initial and a shared prefix"),
        pytest.param(("A", "B"), ("Anna", "Berg"), id="initials only"),
        pytest.param(("", ""), ("", ""), id="blank"),
        pytest.param(("Anna", "Berg"), ("", ""), id="blank and a name"),
        pytest.param(("...", "-"), ("Anna", "Berg"), id="punctuation"),
    ],
)
def test_compare_other_names_are_other(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert compare(one, other) is Likeness.OTHER
    assert compare(other, one) is Likeness.OTHER


def test_compare_a_name_of_a_hundred_words_ends() -> None:
    long = " ".join("abcdefghij"[i % 10] * 4 for i in range(100))

    assert compare((long, ""), (long.replace("aaaa", "aaab"), "")) is Likeness.ONE_EDIT


def test_closest_takes_the_name_that_is_most_alike() -> None:
    assert closest(("Anna", "Jansen"), [("Anna", "Berg"), ("anna", "jansen")]) is Likeness.SAME
    assert closest(("Anna", "Jansen"), []) is Likeness.OTHER


def test_key_is_blind_to_order_and_spelling() -> None:
    assert key(("Łukasz", "O'Brien")) == key(("obrien", "LUKASZ")) == ("lukasz", "obrien")
