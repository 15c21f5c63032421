"""The sources, one row each: language, licence, where they come from, what reads them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import packages as deb
from debian import Index, Unavailable
from entries import Entry
from forms import derived
from readers_cedict import to_chinese, to_english
from readers_descriptions import descriptions, translated
from readers_dictionaries import devil, foldoc, jargon, vera
from readers_facts import facts, facts_of, parts
from readers_html import manual, parallel
from readers_mallard import pages, parallel_pages
from readers_questions import paraphrases, questions
from readers_sections import sections
from readers_statutes import statutes, with_questions
from readers_wordnet import names, words


class Origin(Protocol):
    """Where a source comes from."""

    def fetched(self, cache: Path) -> Path:
        """The file or folder to read; raises ``Unavailable`` where it cannot be had."""


@dataclass(frozen=True, slots=True)
class Given:
    """A file or folder of the data folder, which the environment variable TAMIS_DATA names."""

    path: str

    def fetched(self, cache: Path) -> Path:
        """The path, if it is there."""
        if not (found := Path(os.environ.get("TAMIS_DATA", "../shared/data")) / self.path).exists():
            raise Unavailable(f"{self.path} is not in the data folder; set TAMIS_DATA")
        return found


def as_given(entries: Sequence[Entry], language: str, name: str) -> list[Entry]:
    """The entries with the queries their source gives."""
    return list(entries)


@dataclass(frozen=True, slots=True)
class Source:
    """A set to be.

    Attributes:
        read: from the paths of all origins to entries.
        forms: what gives entries their queries.
        documents: how many are kept, by a seeded draw.
        queries: the same for queries.
    """

    name: str
    language: str
    licence: str
    origins: tuple[Origin, ...]
    read: Callable[..., Iterable[Entry]]
    forms: Callable[[Sequence[Entry], str, str], list[Entry]] = derived
    documents: int = 5000
    queries: int = 8000


EN, ZH = Index("en"), Index("zh_CN")
MIXED = "Debian archive, each package's own (free under the DFSG)"

GNOME = "usr/share/help/C", "usr/share/help/zh_CN"
OFFICE = "usr/share/libreoffice/help/en-US/text", "usr/share/libreoffice/help/zh-CN/text"
BOOK = "usr/share/doc/debian-handbook/html/en-US", "usr/share/doc/debian-handbook/html/zh-CN"

SOURCES: tuple[Source, ...] = (
    Source("cmrc2018.zh", "zh", "CC BY-SA 4.0", (Given("train/cmrc2018"),), questions, as_given),
    Source("drcd.zh", "zh", "CC BY-SA 3.0", (Given("train/drcd"),), questions, as_given),
    Source("pubmedqa.en", "en", "MIT", (Given("train/pubmedqa"),), questions, as_given),
    Source(
        "pawsx.zh",
        "zh",
        "PAWS-X: free for any purpose",
        (Given("train/pairs/pawsx_zh.tsv.gz"),),
        paraphrases,
        as_given,
        20000,
    ),
    Source(
        "docs_sections.zh", "zh", "Apache-2.0, CC", (Given("train/docs_sections"),), partial(sections, language="zh")
    ),
    Source(
        "docs_sections.en", "en", "Apache-2.0, CC", (Given("train/docs_sections"),), partial(sections, language="en")
    ),
    Source(
        "statutes.zh",
        "zh",
        "MIT; statutes are free",
        (Given("eval/stard_dev/corpus.jsonl.gz"),),
        statutes,
        with_questions,
        6000,
    ),
    Source(
        "parts_cmrc.zh", "zh", "CC BY-SA 4.0", (Given("train/cmrc2018"),), partial(parts, language="zh"), as_given, 9000
    ),
    Source(
        "parts_drcd.zh", "zh", "CC BY-SA 3.0", (Given("train/drcd"),), partial(parts, language="zh"), as_given, 12000
    ),
    Source("parts_pubmed.en", "en", "MIT", (Given("train/pubmedqa"),), partial(parts, language="en"), as_given, 6000),
    Source(
        "facts_cmrc.zh", "zh", "CC BY-SA 4.0", (Given("train/cmrc2018"),), partial(facts, language="zh"), as_given, 9000
    ),
    Source(
        "facts_drcd.zh", "zh", "CC BY-SA 3.0", (Given("train/drcd"),), partial(facts, language="zh"), as_given, 12000
    ),
    Source("facts_pubmed.en", "en", "MIT", (Given("train/pubmedqa"),), partial(facts, language="en"), as_given, 6000),
    Source("packages.en", "en", MIXED, (EN,), descriptions),
    Source("packages.zh", "zh", MIXED, (ZH,), descriptions),
    Source("packages.cross", "cross", MIXED, (ZH, EN), translated, as_given, 3000),
    Source("wordnet.en", "en", "WordNet 3.0", (deb.WORDNET,), words, as_given, 6000),
    Source("wordnet_names.en", "en", "WordNet 3.0", (deb.WORDNET,), names, as_given, 4000),
    Source("facts_names.en", "en", "WordNet 3.0", (deb.WORDNET,), lambda at: facts_of(names(at)), as_given, 6000),
    Source("facts_foldoc.en", "en", "GFDL-1.1+", (deb.FOLDOC,), lambda at: facts_of(foldoc(at)), as_given, 6000),
    Source("cedict.cross", "cross", "CC BY-SA 4.0", (deb.CEDICT,), to_english, as_given, 4000),
    Source("cedict_words.cross", "cross", "CC BY-SA 4.0", (deb.CEDICT,), to_chinese, as_given, 2500),
    Source("gnome.en", "en", "CC BY-SA 3.0", (deb.GNOME,), partial(pages, language="en", folder=GNOME[0])),
    Source("gnome.zh", "zh", "CC BY-SA 3.0", (deb.GNOME,), partial(pages, language="zh", folder=GNOME[1])),
    Source("gnome.cross", "cross", "CC BY-SA 3.0", (deb.GNOME,), partial(parallel_pages, folders=GNOME), as_given),
    Source("libreoffice.en", "en", "MPL-2.0", (deb.HELP_EN,), partial(manual, language="en", inside=OFFICE[0])),
    Source("libreoffice.zh", "zh", "MPL-2.0", (deb.HELP_ZH,), partial(manual, language="zh", inside=OFFICE[1])),
    Source(
        "libreoffice.cross",
        "cross",
        "MPL-2.0",
        (deb.HELP_EN, deb.HELP_ZH),
        partial(parallel, folders=OFFICE),
        as_given,
        4000,
    ),
    Source(
        "handbook.en", "en", "CC BY-SA 3.0 or GPL-2+", (deb.HANDBOOK,), partial(manual, language="en", inside=BOOK[0])
    ),
    Source(
        "handbook.zh", "zh", "CC BY-SA 3.0 or GPL-2+", (deb.HANDBOOK,), partial(manual, language="zh", inside=BOOK[1])
    ),
    Source(
        "gimp.en",
        "en",
        "GFDL-1.2+",
        (deb.GIMP_EN,),
        partial(manual, language="en", inside="usr/share/gimp/2.0/help/en"),
    ),
    Source("foldoc.en", "en", "GFDL-1.1+", (deb.FOLDOC,), foldoc, as_given),
    Source("jargon.en", "en", "public domain", (deb.JARGON,), jargon, as_given),
    Source("devil.en", "en", "public domain", (deb.DEVIL,), devil, as_given),
    Source("vera.en", "en", "GFDL-1.1+", (deb.VERA,), vera, as_given, 1500),
    Source(
        "faq.en",
        "en",
        "Debian FAQ: copyleft notice",
        (deb.FAQ,),
        partial(manual, language="en", inside="usr/share/doc/debian/FAQ", pages="*.en.html"),
    ),
    Source(
        "faq.zh",
        "zh",
        "Debian FAQ: copyleft notice",
        (deb.FAQ_ZH,),
        partial(manual, language="zh", inside="usr/share/doc/debian/FAQ/zh-cn"),
    ),
    Source(
        "freedombox.en",
        "en",
        "CC BY-SA 4.0",
        (deb.FREEDOMBOX,),
        partial(manual, language="en", inside="usr/share/freedombox/manual/en", pages="[!Rf]*.html"),
    ),
    Source(
        "gnucash.en",
        "en",
        "GFDL-1.1+",
        (deb.GNUCASH,),
        partial(manual, language="en", inside="usr/share/doc/gnucash-docs", pages="*-en/*.html"),
    ),
    Source(
        "postgresql.en",
        "en",
        "PostgreSQL",
        (deb.POSTGRESQL,),
        partial(manual, language="en", inside="usr/share/doc/postgresql-doc-15/html"),
        documents=2500,
    ),
    Source(
        "python.en",
        "en",
        "PSF-2.0",
        (deb.PYTHON,),
        partial(manual, language="en", inside="usr/share/doc/python3.11/html", pages="[fhltr]*/*.html"),
        documents=2500,
    ),
    Source(
        "apache.en",
        "en",
        "Apache-2.0",
        (deb.APACHE,),
        partial(manual, language="en", inside="usr/share/doc/apache2-doc/manual/en"),
        documents=2500,
    ),
    Source(
        "rust.en",
        "en",
        "MIT or Apache-2.0",
        (deb.RUST,),
        partial(manual, language="en", inside="usr/share/doc/rust-doc/html", pages="*book*/*.html"),
        documents=1500,
    ),
)
