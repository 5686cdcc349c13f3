"""From what is left after a trial to a score: what costs points, and why; 100 only if nothing is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rmqlab.capstone import Facts, Order, judge
from rmqlab.capstone.reasons import PARTS, REASONS

pytestmark = pytest.mark.unit

PAID, CANCELLED = "1", "2"
EACH = frozenset({PAID, CANCELLED})
GOOD = Facts(
    orders={PAID: Order(PAID, 2, 40), CANCELLED: Order(CANCELLED, 1, 20, "empty")},
    told={PAID: "yes", CANCELLED: "yes"},
    states={PAID: "paid", CANCELLED: "cancelled"},
    moves={PAID: (-2,), CANCELLED: (-1, 1)},
    book={PAID: (40,)},
    sent=EACH,
    announced=EACH,
    reminded=EACH,
)


def changed(**what):
    """The good facts, with another value for one order in some of the mappings."""
    return replace(GOOD, **{name: {**getattr(GOOD, name), **values} for name, values in what.items()})


def test_a_paid_and_a_cancelled_order_with_all_that_belongs_to_them_are_a_hundred_points():
    score = judge(GOOD)
    assert (score.total, score.reasons) == (100, {})
    assert {part.name: part.most for part in score.parts} == PARTS
    assert sum(PARTS.values()) == 100


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(GOOD, states={PAID: "paid"}), "missing"),
        (changed(states={CANCELLED: "open"}), "stuck"),
        (changed(moves={PAID: (-2, -2)}), "reserved-twice"),
        (changed(moves={PAID: ()}), "not-reserved"),
        (changed(moves={PAID: (-2, 2)}), "not-reserved"),
        (changed(moves={CANCELLED: (-1,)}), "not-returned"),
        (changed(moves={CANCELLED: (-1, 1, 1)}), "returned-twice"),
        (changed(moves={CANCELLED: (1,)}), "returned-twice"),
        (changed(book={PAID: (40, 40)}), "charged-twice"),
        (changed(book={PAID: (40, 40, -40)}), "charged-twice"),
        (changed(book={PAID: ()}), "not-charged"),
        (changed(book={PAID: (40, -40)}), "not-charged"),
        (changed(book={CANCELLED: (20,)}), "kept-the-money"),
        (replace(GOOD, announced=frozenset({PAID})), "unacknowledged"),
        (replace(GOOD, announced=frozenset({PAID}), sent=frozenset({PAID})), "never-sent"),
        (replace(GOOD, reminded=frozenset({PAID})), "no-reminder"),
        (replace(GOOD, lost=frozenset({PAID})), "lost"),
        (replace(GOOD, undone=frozenset({PAID})), "undone"),
    ],
)
def test_what_is_wrong_has_its_reason_and_costs_points(facts, reason):
    score = judge(facts)
    assert reason in score.reasons
    assert score.total < 100


def test_a_charge_that_was_given_back_is_all_right_for_a_cancelled_order():
    assert judge(changed(book={CANCELLED: (20, -20)})).total == 100


def test_an_order_of_which_the_customer_never_heard_counts_if_it_left_a_trace():
    stranger = Order("3", 1, 20)
    unheard = replace(GOOD, orders={**GOOD.orders, "3": stranger}, told={**GOOD.told, "3": "nothing"})
    assert judge(unheard).total == 100
    assert "stuck" in judge(replace(unheard, states={**GOOD.states, "3": "open"})).reasons
    assert "kept-the-money" in judge(replace(unheard, book={**GOOD.book, "3": (20,)})).reasons


def test_one_wrong_order_of_many_costs_a_point_at_least():
    orders = {str(number): Order(str(number), 1, 20) for number in range(1000)}
    everyone = frozenset(orders)
    facts = Facts(
        orders,
        dict.fromkeys(orders, "yes"),
        dict.fromkeys(orders, "paid"),
        dict.fromkeys(orders, (-1,)),
        dict.fromkeys(orders, (20,)),
        everyone,
        everyone,
        everyone,
    )
    assert judge(facts).total == 100
    assert judge(replace(facts, lost=frozenset({"7"}))).total == 99


def test_a_shop_that_sells_nothing_has_no_points():
    closed = Facts(GOOD.orders, dict.fromkeys(GOOD.orders, "no"))
    score = judge(closed)
    assert score.total == 0
    assert [*score.reasons] == ["refused"]
    assert judge(Facts({})).total == 0


def test_four_of_five_customers_are_enough():
    orders = {str(number): Order(str(number), 1, 20) for number in range(10)}
    sold = [*orders][:8]
    facts = Facts(
        orders,
        {number: "yes" if number in sold else "no" for number in orders},
        dict.fromkeys(sold, "paid"),
        dict.fromkeys(sold, (-1,)),
        dict.fromkeys(sold, (20,)),
        frozenset(sold),
        frozenset(sold),
        frozenset(sold),
    )
    assert judge(facts).total == 100
    assert judge(replace(facts, told={**facts.told, "0": "no", "1": "no"})).total < 100


def test_who_charges_hardly_anybody_has_lost_the_money_of_those_who_can_pay():
    orders = {str(number): Order(str(number), 1, 20) for number in range(20)}
    orders["empty"] = Order("empty", 1, 20, "empty")
    everyone = frozenset(orders)

    def sold_to(*paid):
        return Facts(
            orders,
            dict.fromkeys(orders, "yes"),
            {number: "paid" if number in paid else "cancelled" for number in orders},
            {number: (-1,) if number in paid else (-1, 1) for number in orders},
            dict.fromkeys(paid, (20,)),
            everyone,
            everyone,
            everyone,
        )

    assert judge(sold_to("1", "2")).total == 100
    one = judge(sold_to("1"))
    assert one.reasons == {"unsold": tuple(number for number in orders if number not in {"1", "empty"})}
    assert judge(sold_to()).total < one.total < 100


def test_reasons_come_in_the_order_of_their_weight_and_each_has_its_sentences():
    facts = changed(book={PAID: (40, 40)}, states={CANCELLED: "open"})
    assert next(iter(judge(facts).reasons)) == "charged-twice"
    for key, reason in REASONS.items():
        assert reason.part in PARTS, key
        assert all((reason.expected, reason.seen, reason.why, reason.try_next)), key


def test_a_score_says_in_words_what_is_wrong():
    said = str(judge(changed(book={PAID: (40, 40)})))
    assert "85 of 100, 2 orders" in said
    assert "customers who were charged more than once (1 orders, such as 1)" in said
