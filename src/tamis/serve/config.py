"""``tamis.toml`` and the environment: what they may say is what the constructors take."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

from tamis.answer import Chat
from tamis.errors import DataError, InputError
from tamis.observe.options import WatchOptions
from tamis.rewrite.model.llm import SECONDS
from tamis.rewrite.offline import VARIANTS
from tamis.score import load_scorer
from tamis.serve.bounds import Bounds
from tamis.serve.lib import pydantic
from tamis.serve.names import meant
from tamis.serve.queue import Limits
from tamis.workbench.options import WorkbenchOptions

Made = TypeVar("Made")

PREFIX, BETWEEN = "TAMIS_", "__"  # TAMIS_SERVE__PORT=9000
SHIPPED = "tamis-mini"
FIRST = ("spec", "url", "options")  # what a table has under a name of its own, or not at all


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a server listens, and who may ask.

    Attributes:
        host: address; others than loopback need keys, or ``open``.
        port: of the address.
        open: listen where others can reach, though there are no keys.
        keys: ``NAME=sha256:DIGEST`` each; plain ones belong into the variable TAMIS_API_KEYS.
        owners: names of the keys' holders who may exchange policies and models.
        rate: how often a holder may ask, such as ``"600/minute"``; empty is no limit.
        origins: pages of other sites that may ask from a browser.
        stopping: seconds that requests have when the server is told to stop; those that take longer are given up.
        draining: seconds between SIGTERM, from which on ``/ready`` says no, and the moment from which on nobody is let
            in: as long as a load balancer needs to notice. 0 closes at once.
        idle: seconds for which a connection is kept open that nobody uses; more than a load balancer keeps it, so that
            none is shut while a request is on its way.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    open: bool = False
    keys: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    rate: str = ""
    origins: tuple[str, ...] = ()
    stopping: int = 120
    draining: float = 0.0
    idle: int = 75

    def __post_init__(self) -> None:
        """Refuse a port that none is, and times that cannot be."""
        if min(self.stopping, self.draining, self.idle) < 0:
            raise InputError(
                "serve: expected stopping, draining and idle of at least 0 seconds, got "
                f"{self.stopping}, {self.draining} and {self.idle}"
            )
        if not 0 < self.port < 65536:
            raise InputError(f"serve.port: expected 1 to 65535, got {self.port}")


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """A model under a name.

    Attributes:
        model: a spec, as ``tamis.load_scorer`` takes it; a path that begins with a dot is beside the file.
        calibration: a file, or ``"default"`` for the one that comes with the model; empty is none.
        passages: score long documents by their best passage of this many tokens.
        cache: scores that are remembered, about 240 bytes each; 0 remembers none.
        aliases: further names, such as those that clients send.
        options: what else ``tamis.load_scorer`` takes, beside these in the file.
    """

    model: str = SHIPPED
    calibration: str = ""
    passages: int | None = None
    cache: int = 0
    aliases: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict, metadata={"rest": load_scorer})


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """The index that is searched.

    Attributes:
        path: its folder, or the URL of a collection in an engine.
        recall: first stage; "auto" is hybrid where the index has vectors.
        every: seconds between two looks at what others have written to it; 0 never looks.
    """

    path: str
    recall: Literal["auto", "bm25", "dense", "hybrid"] = "auto"
    every: float = 2.0

    def __post_init__(self) -> None:
        """Refuse what is no time."""
        if not 0 <= self.every < float("inf"):
            raise InputError(f"index.every must be a number of seconds, at least 0, got {self.every}")


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """What writes answers.

    Attributes:
        url: an OpenAI-compatible server; its key stands in the variable TAMIS_LLM_KEY.
        options: what else ``tamis.answer.Chat`` takes, beside it in the file.
    """

    url: str
    options: Mapping[str, Any] = field(default_factory=dict, metadata={"rest": Chat})


@dataclass(frozen=True, slots=True)
class RewriteOptions:
    """What says queries in other words.

    Attributes:
        url: an OpenAI-compatible server; its key stands in the variable TAMIS_LLM_KEY. Empty for rules and
            dictionaries.
        variants: texts to search with, at most.
        seconds: that the server may take over one query.
        terms: your own dictionaries (TSV).
        glossary: a file of terms with what they stand for, which the model may use; empty for none.
        cache: a file that remembers what the model said; empty remembers while the server runs.
        options: what else ``tamis.answer.Chat`` takes, beside these in the file.
    """

    url: str = ""
    variants: int = VARIANTS
    seconds: float = SECONDS
    terms: tuple[str, ...] = ()
    glossary: str = ""
    cache: str = ""
    options: Mapping[str, Any] = field(default_factory=dict, metadata={"rest": Chat})


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that a server can be told.

    Attributes:
        serve: where it listens.
        bounds: of one request.
        queue: of each model.
        models: by name, the first being the default; the shipped one where none is named.
        index: what is searched; None for none.
        llm: what writes answers; None where passages answer in their own words.
        rewrite: what says queries in other words.
        policies: files by name.
        policy: name of the one that decides; empty for none.
        encoder: what ``/v1/embeddings`` asks; empty for none.
        observe: where decisions and feedback are kept, and how they are watched.
        workbench: the web page.
    """

    serve: Listening = field(default_factory=Listening)
    bounds: Bounds = field(default_factory=Bounds)
    queue: Limits = field(default_factory=Limits)
    models: Mapping[str, ModelOptions] = field(default_factory=dict)
    index: IndexOptions | None = None
    llm: LanguageModel | None = None
    rewrite: RewriteOptions = field(default_factory=RewriteOptions)
    policies: Mapping[str, str] = field(default_factory=dict)
    policy: str = ""
    encoder: str = "e5-small"
    observe: WatchOptions = field(default_factory=WatchOptions)
    workbench: WorkbenchOptions = field(default_factory=WorkbenchOptions)


def configuration(path: Path | None, environ: Mapping[str, str], given: Mapping[str, Any] = {}) -> Configuration:
    """What a file says, over that the environment (``TAMIS_SERVE__PORT``), and over that what the command line says.

    Args:
        path: a TOML file; None for none.
        environ: variables; those of other purposes are passed over.
        given: tables as the file has them.

    Raises:
        DataError: the file is no TOML, or says what no constructor takes; names the key, and what it may have meant.
        InputError: the same of the environment.

    >>> configuration(None, {"TAMIS_SERVE__PORT": "9000"}).serve.port
    9000
    >>> configuration(None, {"TAMIS_SERVE__PROT": "9000"})
    Traceback (most recent call last):
    ...
    tamis.errors.InputError: TAMIS_SERVE__PROT: serve.prot is not known: ...; did you mean 'port'?
    """
    told = _file(path) if path else {}
    try:
        made(Configuration, told)
    except InputError as error:
        raise DataError(str(error), path=path or "") from error
    for name, value in environ.items():
        if places := _places(name):
            table = _nested(places, value)
            try:
                made(Configuration, merged(told, table))
            except InputError as error:
                raise InputError(f"{name}: {error}") from error
            told = merged(told, table)
    told = merged(told, given)
    if first := given.get("models"):  # what the command line names is the default
        told["models"] = {**{name: told["models"][name] for name in first}, **told["models"]}
    return made(Configuration, told)


def made(make: Callable[..., Made], table: Any, where: str = "") -> Made:
    """What a constructor makes of a table, whose keys and values are held against its signature.

    Raises:
        InputError: a key is not known or missing, or a value is not what the constructor takes.
    """
    found = fitting(make, table, where)
    for name, parameter in inspect.signature(make).parameters.items():
        if parameter.default is parameter.empty and name not in found:
            raise InputError(f"{where}.{name} is missing")
    return make(**found)


def fitting(make: Callable[..., Any], table: Any, where: str) -> dict[str, Any]:
    """Arguments of a constructor or function from a table.

    Raises:
        InputError: a key is not known, or its value is not what is taken; the message names it.
    """
    if not isinstance(table, Mapping):
        raise InputError(f"{where}: expected a table, got {table!r:.60}")
    known = inspect.signature(make, eval_str=True).parameters
    rest = {name: of for name in known if (of := _rest(make, name))}
    beside = {key: name for name, of in rest.items() for key in inspect.signature(of).parameters if key not in FIRST}
    found: dict[str, Any] = {name: {} for name in rest}
    for key, value in table.items():
        place = f"{where}.{key}" if where else key
        if key in beside:
            found[beside[key]] |= fitting(rest[beside[key]], {key: value}, where)
        elif key in known and key not in rest:
            found[key] = _read(known[key].annotation, value, place)
        else:
            names = [*(name for name in known if name not in rest), *beside]
            raise InputError(f"{place} is not known: {meant(key, names)}")
    return found


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Tables, of which the second wins.

    >>> merged({"a": {"x": 1, "y": 1}}, {"a": {"y": 2}})
    {'a': {'x': 1, 'y': 2}}
    """
    both = {
        key: merged(under[key], value) if isinstance(value, Mapping) and isinstance(under.get(key), Mapping) else value
        for key, value in over.items()
    }
    return {**under, **both}


def _read(hint: Any, value: Any, where: str) -> Any:
    """A value as the annotation says."""
    kinds = [kind for kind in (hint, *get_args(hint)) if is_dataclass(kind) and isinstance(kind, type)]
    if get_origin(hint) is not None and issubclass(_origin(hint), Mapping):
        if not isinstance(value, Mapping):
            raise InputError(f"{where}: expected a table, got {value!r:.60}")
        return {name: _read(get_args(hint)[1], one, f"{where}.{name}") for name, one in value.items()}
    if kinds:
        return made(kinds[0], value, where)
    several = _origin(hint) is tuple and isinstance(value, str)
    try:
        return pydantic.TypeAdapter(hint).validate_python(value.split(",") if several else value)
    except pydantic.ValidationError as error:
        raise InputError(f"{where}: {error.errors()[0]['msg']}, got {value!r:.60}") from None


def _origin(hint: Any) -> type:
    origin = get_origin(hint)
    return origin if isinstance(origin, type) else object


def _rest(make: Any, name: str) -> Callable[..., Any] | None:
    """What takes the keys that a field holds for it."""
    fields = getattr(make, "__dataclass_fields__", {})
    found: Callable[..., Any] | None = fields[name].metadata.get("rest") if name in fields else None
    return found


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise DataError("no such file", path=path) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"expected TOML: {error}", path=path) from error


def _places(variable: str) -> list[str]:
    """Where in the file a variable stands; nowhere if it is of another purpose."""
    name = variable.removeprefix(PREFIX)
    known = inspect.signature(Configuration).parameters
    if name == variable or (BETWEEN not in name and name.lower() not in known):
        return []
    return name.lower().split(BETWEEN)


def _nested(places: list[str], value: str) -> dict[str, Any]:
    found: Any = value
    for place in reversed(places):
        found = {place: found}
    return found  # type: ignore[no-any-return]
