"""How people ask for a word: by itself, for its meaning, for the person or place it names."""

from __future__ import annotations

import random

from entries import SEED, Ask

_MEANING = (
    ("{}", "gloss"),
    ("{}", "gloss"),
    ("{} meaning", "gloss"),
    ("define {}", "gloss"),
    ("{} definition", "gloss"),
    ("what is {}", "question"),
    ("what is {}", "question"),
    ("what is {}?", "question"),
    ("What is {}?", "question"),
    ("what does {} mean", "question"),
    ("what is the meaning of {}", "question"),
)
_TEMPLATES = {
    "thing": _MEANING,
    "word": (*_MEANING[:5], *_MEANING[-2:]),
    "name": (
        ("what is {}", "question"),
        ("what was {}", "question"),
        ("{}", "gloss"),
        ("tell me about {}", "question"),
    ),
    "person": (
        ("who was {}", "question"),
        ("who was {}?", "question"),
        ("Who was {}?", "question"),
        ("what is {} known for", "question"),
        ("{}", "gloss"),
        ("{} biography", "gloss"),
    ),
    "place": (
        ("where is {}", "question"),
        ("Where is {}?", "question"),
        ("where is {} located", "question"),
        ("what is {}", "question"),
        ("{}", "gloss"),
    ),
    "act": (
        ("what does it mean to {}", "question"),
        ("what does {} mean", "question"),
        ("{} meaning", "gloss"),
        ("{} definition", "gloss"),
        ("define {}", "gloss"),
    ),
    "acronym": (
        ("what does {} stand for", "question"),
        ("what is {}", "question"),
        ("{}", "gloss"),
        ("{} meaning", "gloss"),
        ("{} acronym", "gloss"),
    ),
}


def asked_for(term: str, sort: str = "thing") -> Ask:
    """The query of a term; always the same of one term, so that all its senses answer it.

    >>> asked_for("Ada Lovelace", "person").text
    'who was Ada Lovelace?'
    """
    rng = random.Random(f"{SEED}:{sort}:{term}")
    template, kind = rng.choice(_TEMPLATES[sort])
    return Ask(template.format(term), kind)
