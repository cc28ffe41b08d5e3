"""And, or and not with three values, and what a tree of criteria comes to. Without a database."""

from itertools import product
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.eligibility import (
    Age,
    AgeBetween,
    AllOf,
    AnyOf,
    Fact,
    Facts,
    HasCondition,
    InCountry,
    Leaf,
    Measured,
    Node,
    Not,
    Question,
    SexIs,
    Verdict,
    assess,
    uses,
)
from referrals.eligibility.ages import Unit
from referrals.eligibility.verdicts import every, some
from referrals.tests.eligibility.people import TODAY

MET, NOT_MET, UNKNOWN = Verdict
T, F, U = MET, NOT_MET, UNKNOWN


@pytest.mark.parametrize(
    ("one", "other", "both", "either"),
    [
        (T, T, T, T),
        (T, F, F, T),
        (T, U, U, T),
        (F, T, F, T),
        (F, F, F, F),
        (F, U, F, U),
        (U, T, U, T),
        (U, F, F, U),
        (U, U, U, U),
    ],
)
def test_and_or_of_two(one: Verdict, other: Verdict, both: Verdict, either: Verdict) -> None:
    assert every([one, other]) is both
    assert some([one, other]) is either


@pytest.mark.parametrize(("one", "turned"), [(T, F), (F, T), (U, U)])
def test_not_of_one(one: Verdict, turned: Verdict) -> None:
    assert one.turned is turned


def test_and_or_of_none() -> None:
    assert every([]) is MET
    assert some([]) is NOT_MET


IDS = [UUID(int=number) for number in range(1, 7)]


def asked(number: int) -> Question:
    return Question(key=IDS[number], text=f"Question {number}?")


def told(**answers: bool) -> Facts:
    """Facts with answers to questions by their number: `told(q0=True)`."""
    return Facts(
        today=TODAY,
        answers={
            IDS[int(name[1:])]: Fact(value, "yes" if value else "no")
            for name, value in answers.items()
        },
    )


A, B, C = asked(0), asked(1), asked(2)


@pytest.mark.parametrize(
    ("node", "facts", "verdict", "to_ask", "why_not"),
    [
        pytest.param(AllOf((A, B)), told(), U, [A, B], [], id="nothing known"),
        pytest.param(AllOf((A, B)), told(q0=True), U, [B], [], id="one of two known"),
        pytest.param(AllOf((A, B)), told(q0=True, q1=True), T, [], [], id="both"),
        pytest.param(AllOf((A, B)), told(q0=False), F, [], [A], id="already failed"),
        pytest.param(AnyOf((A, B)), told(q0=True), T, [], [], id="already holds"),
        pytest.param(AnyOf((A, B)), told(q0=False), U, [B], [], id="other may hold"),
        pytest.param(AnyOf((A, B)), told(q0=False, q1=False), F, [], [A, B], id="neither"),
        pytest.param(Not(A), told(q0=True), F, [], [A], id="excluded"),
        pytest.param(Not(A), told(q0=False), T, [], [], id="not excluded"),
        pytest.param(Not(AllOf((A, B))), told(q0=False), T, [], [], id="not both"),
        pytest.param(Not(AnyOf((A, B))), told(q0=True), F, [], [A], id="neither may be"),
        pytest.param(
            AllOf((C, AnyOf((A, B)))), told(q0=True), U, [C], [], id="only what still counts"
        ),
        pytest.param(
            AllOf((C, AnyOf((A, B)))), told(q2=False), F, [], [C], id="nothing counts any more"
        ),
        pytest.param(
            AllOf((AnyOf((A, B)), C)), told(q0=False, q2=False), F, [], [C], id="why it fails"
        ),
        pytest.param(AllOf(()), told(), U, [], [], id="no criteria at all"),
        pytest.param(AllOf((AnyOf(()), Not(AllOf(())), A)), told(q0=True), T, [], [], id="empty"),
    ],
)
def test_tree(
    node: Node, facts: Facts, verdict: Verdict, to_ask: list[Leaf], why_not: list[Leaf]
) -> None:
    assessment = assess(node, facts)

    assert assessment.verdict is verdict
    assert [found.leaf for found in assessment.to_ask] == to_ask
    assert [found.leaf for found in assessment.why_not] == why_not


def test_a_negated_finding_reads_as_it_counts() -> None:
    (found,) = assess(Not(A), told(q0=True)).findings

    assert (found.label, found.verdict, found.fact) == ("Not: Question 0?", NOT_MET, "yes")


def leaves() -> st.SearchStrategy[Leaf]:
    """One leaf of each kind, with limits of all sorts."""
    ids = st.frozensets(st.sampled_from(IDS), min_size=1)
    ages = st.builds(Age, st.integers(0, 120), st.sampled_from(Unit))
    numbers = st.one_of(st.none(), st.decimals(0, 200, places=1))
    return st.one_of(
        st.builds(AgeBetween, at_least=ages, at_most=st.none() | ages),
        st.builds(SexIs, sex=st.sampled_from(["female", "male"])),
        st.builds(HasCondition, conditions=ids, title=st.just("ALS"), wider=ids),
        st.builds(InCountry, countries=st.just(frozenset({"NL", "BE"})), may_travel=st.booleans()),
        st.builds(
            Measured,
            measure=st.sampled_from(IDS),
            name=st.just("FVC"),
            ask=st.just("What is the FVC?"),
            least=numbers,
            most=numbers,
            choices=st.sampled_from([(), ("a", "b")]),
            days=st.none() | st.integers(0, 400),
            is_comparable=st.booleans(),
        ),
        st.sampled_from([asked(number) for number in range(6)]),
    )


def trees(of: st.SearchStrategy[Leaf]) -> st.SearchStrategy[Node]:
    return st.recursive(
        of,
        lambda inner: st.one_of(
            st.builds(lambda children: AllOf(tuple(children)), st.lists(inner, max_size=3)),
            st.builds(lambda children: AnyOf(tuple(children)), st.lists(inner, max_size=3)),
            st.builds(Not, inner),
        ),
        max_leaves=8,
    )


@given(trees(leaves()))
def test_of_whom_nothing_is_known_nothing_is_said(node: Node) -> None:
    assessment = assess(node, Facts(today=TODAY))

    assert assessment.verdict is UNKNOWN
    assert all(found.verdict is UNKNOWN and found.question for found in assessment.findings)
    assert list(assessment.to_ask) == list(assessment.findings)
    assert all(found.uses <= uses(node) for found in assessment.findings)


@st.composite
def read_once(draw: st.DrawFn) -> Node:
    """A tree in which every question stands once."""
    left = [Question(key=uuid4(), text=str(number)) for number in range(draw(st.integers(1, 5)))]

    def some_of(leaves: list[Question]) -> Node:
        if draw(st.booleans()):
            return Not(some_of(leaves))
        if len(leaves) == 1:
            return leaves[0]
        cut = draw(st.integers(1, len(leaves) - 1))
        group = draw(st.sampled_from([AllOf, AnyOf]))
        return group((some_of(leaves[:cut]), some_of(leaves[cut:])))

    return some_of(left)


@given(read_once(), st.data())
def test_what_is_asked_is_exactly_what_can_still_change_the_verdict(
    node: Node, data: st.DataObject
) -> None:
    def answered(values: dict[UUID, bool]) -> Facts:
        return Facts(today=TODAY, answers={key: Fact(it, "") for key, it in values.items()})

    keys = [found.criterion_id for found in assess(node, Facts(today=TODAY)).findings]
    given_answers = data.draw(st.dictionaries(st.sampled_from(keys), st.booleans()))
    assessment = assess(node, answered(given_answers))

    unknown = [key for key in keys if key not in given_answers]
    matters = set()
    for values in product([True, False], repeat=len(unknown)):
        whole = {**given_answers, **dict(zip(unknown, values, strict=True))}
        verdict = assess(node, answered(whole)).verdict
        assert assessment.verdict in (UNKNOWN, verdict)
        matters |= {
            key
            for key in unknown
            if assess(node, answered({**whole, key: not whole[key]})).verdict is not verdict
        }
    assert {found.criterion_id for found in assessment.to_ask} == matters
