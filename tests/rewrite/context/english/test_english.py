"""English conversations, written for these tests: what is filled in, and what is left alone."""

import pytest

from tamis.rewrite.context.english import resolved
from tamis.rewrite.context.english.tokens import phrases, words

FILLED = [
    ("Is it contagious?", ["What is measles?"], "Is measles contagious?"),
    ("What are its side effects?", ["Tell me about ibuprofen."], "What are ibuprofen's side effects?"),
    ("When was he born?", ["Who was Isaac Newton?", "A physicist."], "When was Isaac Newton born?"),
    ("What did she discover?", ["Tell me about Marie Curie."], "What did Marie Curie discover?"),
    ("How do they work?", ["What are heat pumps?"], "How do heat pumps work?"),
    ("How do they work?", ["What is a heat pump?"], "How do heat pumps work?"),
    ("How does it work?", ["What is a heat pump?"], "How does a heat pump work?"),
    ("Who wrote this song?", ["Have you heard Yesterday by the Beatles?", "Yesterday"], "Who wrote Yesterday?"),
    # "it's" for "its".
    ("Describe it's growth.", ["How was Netflix started?"], "Describe Netflix's growth."),
    # Things of something.
    ("What are the symptoms?", ["What is anemia?"], "What are the symptoms of anemia?"),
    ("Are there any side effects?", ["Tell me about ibuprofen."], "Are there any side effects of ibuprofen?"),
    ("How many types are there?", ["What are heat pumps?"], "How many types of heat pumps are there?"),
    # What an earlier pronoun stood for.
    ("Can it be cured?", ["What is anemia?", "What causes it?"], "Can anemia be cured?"),
    # A possessive of a name in s.
    ("What are their rules?", ["What are board games?"], "What are board games' rules?"),
    # Several of a name whose plural is not its s: no word is misspelt.
    ("How do they taste?", ["What is a sandwich?"], "How do sandwiches taste?"),
    # In a query of capitals IT is a pronoun.
    ("IS IT CONTAGIOUS?", ["What is measles?"], "IS measles CONTAGIOUS?"),
    # At the beginning.
    ("They live how long?", ["Tell me about parrots."], "Parrots live how long?"),
    # The same question of something else.
    ("How about goulash?", ["Is chilli a stew?"], "Is goulash a stew?"),
    ("What about 2020?", ["Who won the World Cup in 2018?"], "Who won the World Cup in 2020?"),
    ("How about Samsung?", ["Did Apple grow in 2018?"], "Did Samsung grow in 2018?"),
    ("What about in winter?", ["What is there to do in Oslo?"], "What is there to do in Oslo in winter?"),
]
ALONE = [
    ("Is it possible to travel without a visa?", ["What is measles?"]),
    ("How long does it take to boil an egg?", ["What is measles?"]),
    ("What is Rock City, and why is it famous?", ["What is there to do in Chattanooga?"]),
    ("What is the capital of France?", ["What is measles?"]),
    ("What are the symptoms of malaria?", ["What is measles?"]),
    ("Can a wife insure her husband?", ["What is measles?"]),
    ("vitamin c benefits", ["What is measles?"]),
    ("Does whole life insurance pay for itself?", ["What is measles?"]),
    ("How are all these languages related?", ["Is Norwegian easier than Danish?"]),
    ("My router is slow. Should I replace it?", ["What is measles?"]),
    ("What about 2020?", ["Did Apple grow?"]),
    ("Who works in IT?", ["What is measles?"]),
]


@pytest.mark.parametrize(("query", "history", "meant"), FILLED, ids=[row[0] for row in FILLED])
def test_what_the_conversation_tells_is_put_in(query: str, history: list[str], meant: str) -> None:
    text, changes = resolved(query, history)
    assert text == meant
    assert len(changes) == 1


@pytest.mark.parametrize(("query", "history"), ALONE, ids=[row[0] for row in ALONE])
def test_what_says_all_it_means_is_left_alone(query: str, history: list[str]) -> None:
    assert resolved(query, history) == (query, ())


def test_the_change_says_what_stood_there_and_why() -> None:
    (change,) = resolved("Is it contagious?", ["What is measles?"])[1]
    assert (change.kind, change.before, change.after) == ("pronoun", "it", "measles")
    assert "measles" in change.why


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("How does a 529 plan work?", ["529 plan"]),
        ("Tell me about the Bronze Age collapse.", ["Bronze Age collapse"]),
        ("Is Red Bull bad for you?", ["Red Bull"]),
        ("Did he graduate from the University of Missouri?", ["University", "Missouri", "University of Missouri"]),
        ("What is the first sign of throat cancer?", ["throat cancer"]),
    ],
)
def test_phrases_end_where_something_is_said_of_them(text: str, named: list[str]) -> None:
    assert [phrase.name for phrase in phrases(text)] == named


def test_words_stand_in_their_places() -> None:
    text = "What's Netflix’s e-mail?"
    assert [text[word.start : word.end] for word in words(text)] == ["What", "Netflix", "e-mail"]
