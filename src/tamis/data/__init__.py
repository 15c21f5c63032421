"""Data: what files hold, as nouns; and files written whole or not at all."""

from tamis.data.artefacts import artefact, canonical, digest, read_artefact, readable, write_artefact
from tamis.data.collection import Collection
from tamis.data.convert import Written, convert, write_examples, write_split
from tamis.data.examples import Annotation, read_annotations, read_examples
from tamis.data.forms import FORMS, Example, Form, form_named, recognise
from tamis.data.open import Source, read_lines
from tamis.data.read import read_documents, read_queries
from tamis.data.rows import Row
from tamis.data.split import query_key, split
from tamis.data.tables import read_rows
from tamis.data.training import Counts, counts, merged, read_training
from tamis.data.trec import (
    read_candidates,
    read_first_stage,
    read_qrels,
    read_run,
    write_qrels,
    write_run,
)
from tamis.data.write import atomic_path, atomic_write, atomic_write_bytes

__all__ = [
    "FORMS",
    "Annotation",
    "Collection",
    "Counts",
    "Example",
    "Form",
    "Row",
    "Source",
    "Written",
    "artefact",
    "atomic_path",
    "atomic_write",
    "atomic_write_bytes",
    "canonical",
    "convert",
    "counts",
    "digest",
    "form_named",
    "merged",
    "query_key",
    "read_annotations",
    "read_artefact",
    "read_candidates",
    "read_documents",
    "read_examples",
    "read_first_stage",
    "read_lines",
    "read_qrels",
    "read_queries",
    "read_rows",
    "read_run",
    "read_training",
    "readable",
    "recognise",
    "split",
    "write_artefact",
    "write_examples",
    "write_qrels",
    "write_run",
    "write_split",
]
