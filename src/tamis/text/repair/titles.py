"""Documents that say nothing but a title: it becomes a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tamis.core import Document
from tamis.text.language import detect
from tamis.text.normalise import clean
from tamis.text.repair.known import Known
from tamis.text.repair.repaired import Fault
from tamis.text.scripts import HAN

Templates: TypeAlias = Mapping[str, tuple[str, str]]

# By language: what is said of a title, and of a title in the context of fields that place the document. The words of
# the English sentence are stop words, so that search by words finds no more documents by them.
ENGLISH: Templates = {"en": ("This is about {title}.", "This is about {title} ({context}).")}
CHINESE: Templates = {"zh": ("本文档介绍{title}。", "本文档介绍{context}中的{title}。")}
FIELDS = ("product", "category", "section", "产品", "类别", "分类", "章节")

LONGEST_RECORD = 300  # characters of names, dates, numbers
MOST_OTHER = 12  # letters of a record that are neither Latin nor Chinese
LONGEST_WORDS, LONGEST_HAN = 12, 24  # of a text that may be a bare title

_low = re.compile(r"(?<![\w'.-])[a-zà-ÿ]{2,}(?!\w)")
_han = re.compile(f"[{HAN}]")
_other = re.compile(f"[^\\W\\d_A-Za-zÀ-ɏ{HAN}]")  # letters whose sentences cannot be told from names here
_digit = re.compile(r"\d")
_marks = re.compile("[.?!:;。？！：；…,，、|=<>{}]")


@dataclass(frozen=True, slots=True)
class Titles:
    """The repair of documents that say nothing but a title: a sentence is put before the text, the title stays.

    Attributes:
        name: the kind's name.
        about: the title of which a sentence is to be made; empty where the document needs none.
        templates: the sentences by language ("en", "zh"), beginning with words of their own: with ``{title}``, and with
            ``{context}``, too; titles in a language without one are left alone.
        fields: those fields, from the widest to the narrowest.

    >>> [fault.after for fault in Titles("titles", lone_title, CHINESE).faults(Document("d", "", "RAG架构图"), Known())]
    ['本文档介绍RAG架构图。']
    """

    name: str
    about: Callable[[Document], str]
    templates: Templates
    fields: Sequence[str] = FIELDS

    def faults(self, document: Document, known: Known) -> list[Fault]:
        """The sentence that is missing; nothing where the document says anything about its title."""
        title, text = self.about(document).strip(), document.text
        if not title or title.endswith(("?", "？")) or self._is_said(text):
            return []
        sentence = self._sentence(title, document)
        end = len(text) if text.strip() == title else 0
        return [Fault("text", 0, end, sentence + _space(sentence, text[end:]))] if sentence else []

    def _sentence(self, title: str, document: Document) -> str:
        language = "zh" if (found := detect(title)) == "mixed" else found
        if language not in self.templates:
            return ""
        context = _said(document, self.fields)
        template = self.templates[language][bool(context)]
        glue = ", " if language == "en" else ""
        return template.format(title=" ".join(title.rstrip(".。 ").split()), context=glue.join(context))

    def _is_said(self, text: str) -> bool:
        openings = {each.partition("{")[0] for pair in self.templates.values() for each in pair}
        return text.startswith(tuple(openings))


def titled_record(document: Document) -> str:
    """The title of a document whose text is a record.

    >>> titled_record(Document("d", "Proceedings, March 1961 Doe, J. PR610312", "Drum sieves"))
    'Drum sieves'
    """
    return document.title if is_record(document.text) else ""


def lone_title(document: Document) -> str:
    """The title of a document whose text is blank or the title once more.

    >>> lone_title(Document("d", "", "Drum sieves"))
    'Drum sieves'
    """
    text, title = (part.strip().rstrip(".。 ").casefold() for part in (document.text, document.title))
    return document.title if not text or text == title else ""


def bare_title(document: Document) -> str:
    """The title of a document that says nothing about it, one way or the other."""
    return lone_title(document) or titled_record(document)


def heading(document: Document) -> str:
    """The text of a document that has no title and whose text reads as one.

    >>> heading(Document("d", "RAG架构图")), heading(Document("d", "It sieves."))
    ('RAG架构图', '')
    """
    return document.text if not document.title.strip() and is_heading(document.text) else ""


def is_record(text: str) -> bool:
    """Whether a text is names, dates and numbers only, such as a catalogue's entry.

    >>> is_record("Proceedings, March 1961 Doe, J. PR610312"), is_record("In March 1961 the work was done.")
    (True, False)
    """
    if len(text) > LONGEST_RECORD or not _digit.search(text) or len(_other.findall(text)) > MOST_OTHER:
        return False
    return len(_low.findall(text)) < 3 and len(_han.findall(text)) <= 12 and len(text.split()) > 2


def is_heading(text: str) -> bool:
    """Whether a text is a title and no sentence: one short line without marks, more than one word of an alphabet.

    >>> [is_heading(text) for text in ("RAG架构图", "API parameter list", "It sieves.", "sieve")]
    [True, True, False, False]
    """
    text = text.strip()
    if not text or "\n" in text or _marks.search(text):
        return False
    han, words = len(_han.findall(text)), len(text.split())
    return 2 <= han <= LONGEST_HAN or (not han and 2 <= words <= LONGEST_WORDS and text[0].isupper())


def _said(document: Document, names: Sequence[str]) -> list[str]:
    """What the fields say that place a document, each once."""
    found = [document.fields.get(name) for name in names]
    said = [
        " ".join(clean(str(value)).split()) for value in found if isinstance(value, (str, int)) and value is not True
    ]
    return list(dict.fromkeys(one for one in said if one and one != document.title.strip()))


def _space(sentence: str, text: str) -> str:
    return "" if not text.strip() else " " if sentence.isascii() or sentence.endswith(".") else ""
