"""Any search API that speaks JSON over HTTP: templates of what is asked, paths to what is answered."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from tamis.core import Candidate, Document, FieldValue, Query, Ranking, as_query
from tamis.errors import InputError, RemoteError
from tamis.recall.engines.address import address, key
from tamis.score.remote.http import ADVICE, Asked, HttpOptions, JsonClient

KEY = "TAMIS_SEARCH_KEY"
QUERY, COUNT, WHERE = "{query}", "{k}", "{where}"
SEPARATOR = "."
PATHS = ("results", "id", "text", "title", "score", "fields")


@dataclass(frozen=True, slots=True)
class SearchApi:
    """How an API is asked, and where its answer holds what.

    Paths are names and places in lists joined by dots, such as ``hits.hits`` or ``data.0.items``.

    Attributes:
        url: with ``{query}`` and ``{k}`` where they belong, if not in the body: ``https://host/find?q={query}&n={k}``.
        body: JSON values sent by POST, in which the texts ``{query}``, ``{k}`` and ``{where}`` (the filter as JSON)
            stand for those; None asks by GET.
        results: path to the list of results; empty where the answer is that list.
        id, text, title: paths in a result; a result without a title has none.
        score: path to a number, more is better; empty where the list's order is all there is.
        fields: path to an object of fields; empty where there are none.
        stage: the name of the scores.
        key_env: the environment variable that holds the API key; empty sends none.
        header: how the key is sent.

    Raises:
        InputError: the URL cannot be used, or nothing asks for the query.

    >>> SearchApi("http://127.0.0.1:9/find?q={query}").score
    'score'
    """

    url: str
    body: Mapping[str, Any] | None = None
    results: str = "results"
    id: str = "id"
    text: str = "text"
    title: str = "title"
    score: str = "score"
    fields: str = "fields"
    stage: str = "remote"
    key_env: str = KEY
    header: str = "Authorization: Bearer {key}"
    http: HttpOptions = field(default_factory=HttpOptions)

    def __post_init__(self) -> None:
        """Refuse a URL or a body by which no query can be asked."""
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise InputError(f"a search API's URL must begin with http:// or https://, got {self.url!r:.80}")
        if QUERY not in self.url and QUERY not in json.dumps(self.body):
            raise InputError('a search API must be told the query: put "{query}" into the URL or into the body')
        if not self.id or not self.text or not self.stage:
            raise InputError("a search API's id, text and stage need a name each")

    @property
    def filters(self) -> bool:
        """Whether the body has a place for a filter."""
        return WHERE in json.dumps(self.body)


class HttpRetriever:
    """A search API as a Retriever; queries of one call are asked side by side, as many as ``http.connections`` says.

    Where results have scores, they are ordered by them and ties keep the API's order; where they have none, a
    result's score is one over its rank. A query with ``where`` is refused unless the body has ``{where}``.

    Raises:
        InputError: the URL or the key cannot be used.
    """

    def __init__(self, api: SearchApi) -> None:
        self.api = api
        parts = urlsplit(api.url)
        where = address(urlunsplit((parts.scheme, parts.netloc, "", "", "")))
        secret = key(api.key_env, KEY, where, encrypted=parts.scheme == "https")
        advice = {**ADVICE, 401: f"check the key, which is read from {api.key_env or 'no variable'}"}
        client_url = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
        self._client = JsonClient(client_url, key=secret, options=api.http, advice=advice, header=api.header)
        self._path, self._query = parts.path, parts.query
        self._paths = {name: _path(getattr(api, name)) for name in PATHS}

    def __repr__(self) -> str:
        return f"HttpRetriever({self._client.url!r})"

    def search(self, queries: Sequence[Query], k: int) -> list[Ranking]:
        """One ranking of at most ``k`` candidates for each query.

        Raises:
            InputError: a query is blank or has a filter that the API is not told, or ``k`` is below 1.
            RemoteError: the server failed, refused, or answered something else than the paths say.
        """
        if k < 1:
            raise InputError(f"k must be at least 1, got {k}")
        asked = [as_query(query) for query in queries]
        if not self.api.filters and any(query.where for query in asked):
            raise InputError('this search API is told no filter: put "{where}" into its body, or ask without where')
        if len(asked) < 2:
            return [self._one(query, k) for query in asked]
        with ThreadPoolExecutor(self.api.http.connections) as threads:
            return list(threads.map(lambda query: self._one(query, k), asked))

    def _one(self, query: Query, k: int) -> Ranking:
        values = {QUERY: query.text, COUNT: k, WHERE: query.where.as_json() if query.where else None}
        content = json.dumps(_filled(self.api.body, values), ensure_ascii=False).encode("utf-8", "replace")
        method = "GET" if self.api.body is None else "POST"
        line = _written(self._query, values)
        request = Asked(_written(self._path, values), b"" if method == "GET" else content, method, line)
        results = self._at(self._client.send(request), "results")
        if not isinstance(results, list):
            raise RemoteError(f"{self._client.url}: expected a list at {self.api.results!r}, got {results!r:.80}")
        found = [self._candidate(result, rank) for rank, result in enumerate(results, 1)]
        return Ranking(query, tuple(sorted(found, key=lambda candidate: -candidate.score)[:k]))

    def _candidate(self, result: Any, rank: int) -> Candidate:
        doc_id, text = self._at(result, "id"), self._at(result, "text")
        if not isinstance(doc_id, (str, int)) or not isinstance(text, str):
            raise RemoteError(
                f"{self._client.url}: result {rank} has no id at {self.api.id!r} or no text at {self.api.text!r}"
            )
        score = self._at(result, "score") if self.api.score else 1 / rank
        if isinstance(score, bool) or not isinstance(score, (int, float)) or not math.isfinite(score):
            raise RemoteError(
                f"{self._client.url}: result {rank} has no number at {self.api.score!r}: name its path, or score='' "
                "where there is none"
            )
        title, fields = self._at(result, "title"), self._at(result, "fields") if self.api.fields else None
        told: Mapping[str, FieldValue] = fields if isinstance(fields, Mapping) else {}
        document = Document(str(doc_id), text, title if isinstance(title, str) else "", told)
        return Candidate(document, float(score), {self.api.stage: float(score)})

    def _at(self, value: Any, name: str) -> Any:
        """What stands at a path; None where nothing does."""
        for step in self._paths[name]:
            if isinstance(value, Mapping):
                value = value.get(step)
            elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            else:
                return None
        return value


def _path(text: str) -> tuple[str, ...]:
    return tuple(text.split(SEPARATOR)) if text else ()


def _filled(template: Any, values: Mapping[str, Any]) -> Any:
    """A template with its placeholders replaced: a text that is one becomes the value, one that holds some a text."""
    if isinstance(template, Mapping):
        return {name: _filled(value, values) for name, value in template.items()}
    if isinstance(template, (list, tuple)):
        return [_filled(value, values) for value in template]
    if not isinstance(template, str):
        return template
    if template in values:
        return values[template]
    # {query} last: what a user writes may look like a placeholder.
    return template.replace(COUNT, str(values[COUNT])).replace(QUERY, values[QUERY])


def _written(template: str, values: Mapping[str, Any]) -> str:
    """A part of a URL with its placeholders replaced, %-encoded."""
    whole = template.replace(COUNT, str(values[COUNT]))
    return whole.replace(QUERY, quote(values[QUERY].encode("utf-8", "replace"), safe=""))
