"""Projects that people share: each belongs to who made it, and others join with a code that cannot be guessed."""

from __future__ import annotations

import hmac
import re
import secrets
import shutil
import threading
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Self

from tamis.data.records import read_record, write_record
from tamis.errors import DataError, InputError, NotFoundError, StorageError
from tamis.labelling.folder import LOCK
from tamis.labelling.lock import held
from tamis.labelling.log import checked_name
from tamis.labelling.project import Project

FILE, PROJECT = "shared.json", "project"
ID = re.compile(r"[0-9a-f]{16}")
SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # of codes: none that is taken for another
CODE = 20  # signs of a code, 5 bits each
MOST = 100  # projects of one owner
OPENED = 16  # projects that are held open


@dataclass(frozen=True, slots=True)
class Shared:
    """A project on the shelf.

    Attributes:
        id: names its folder.
        title: of the project.
        owner: who made it.
        code: whoever knows it may join.
        members: annotators' names, by who they are; the owner's among them.
        seen: when each of them was there last, in seconds since 1970.
    """

    id: str
    title: str
    owner: str
    code: str
    members: Mapping[str, str]
    seen: Mapping[str, float] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write it into its folder, whole or not at all."""
        write_record(folder / FILE, self)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The one of a folder.

        Raises:
            DataError: there is none that can be read.
        """
        return read_record(folder / FILE, cls, "a shared project")


class Shelf:
    """Shared projects in a folder. Who is no member of a project learns nothing of it, not even that it is there.

    Args:
        folder: made when a project is put there; any number of processes may use it.

    >>> import tempfile
    >>> from tamis.decide import PrecisionAtLeast
    >>> place = tempfile.TemporaryDirectory()
    >>> pairs = Path(place.name, "pairs.csv")
    >>> _ = pairs.write_text("query,document,score\\nsieve,A tamis sieves.,2.5\\n")
    >>> _ = Project.create(Path(place.name, "new"), pairs, target=PrecisionAtLeast(0.9), budget=1)
    >>> shelf = Shelf(Path(place.name, "shelf"))
    >>> made = shelf.put(Path(place.name, "new"), "visitor-1", "Ann")
    >>> shelf.of("visitor-2")
    []
    >>> _ = shelf.join("visitor-2", made.code, "Bob")
    >>> [one.members["visitor-2"] for one in shelf.of("visitor-2")]
    ['Bob']
    >>> place.cleanup()
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._open: OrderedDict[str, Project] = OrderedDict()
        self._guard = threading.Lock()

    def put(self, project: Path, owner: str, name: str) -> Shared:
        """Move a project's folder onto the shelf; its owner is the first annotator.

        Args:
            project: the folder, on the same disk.
            owner: who made it.
            name: the owner's, as an annotator.

        Raises:
            InputError: the name cannot be one, or the owner has too many projects.
            NotFoundError: the folder holds no project.
            StorageError: the disk refused it.
        """
        name, title = checked_name(name), Project.open(project).guide.title
        if sum(one.owner == owner for one in self._all()) >= MOST:
            raise InputError(f"{MOST} projects are kept for one owner: delete one first")
        made = Shared(secrets.token_hex(8), title, owner, new_code(), {owner: name}, {owner: time.time()})
        part = self.folder / f".{made.id}"
        try:
            part.mkdir(mode=0o700, parents=True)
            project.rename(part / PROJECT)
            made.save(part)
            part.rename(self.folder / made.id)
        except OSError as error:
            raise StorageError(f"the project was not kept: {error.strerror or error}") from error
        return made

    def of(self, visitor: str) -> list[Shared]:
        """The projects that somebody is a member of, the one where they were last first."""
        mine = [one for one in self._all() if visitor in one.members]
        return sorted(mine, key=lambda one: (one.seen.get(visitor, 0.0), one.id), reverse=True)

    def get(self, visitor: str, id: str) -> Shared:
        """A member's project.

        Raises:
            NotFoundError: there is none of this id that they are a member of.
        """
        missing = NotFoundError("there is no such project of yours: ask for its code, and join")
        if not ID.fullmatch(id):
            raise missing
        try:
            found = Shared.load(self.folder / id)
        except DataError:
            raise missing from None
        if visitor not in found.members:
            raise missing
        return found

    def open(self, visitor: str, id: str) -> Project:
        """The project itself, for a member; opened once, since a large pool takes seconds.

        Raises:
            NotFoundError: there is none of this id that they are a member of.
        """
        self.get(visitor, id)
        with self._guard:
            if id in self._open:
                self._open.move_to_end(id)
                return self._open[id]
        found = Project.open(self.folder / id / PROJECT)
        with self._guard:
            found = self._open.setdefault(id, found)
            while len(self._open) > OPENED:
                self._open.popitem(last=False)
        return found

    def owned(self, owner: str, id: str) -> Project:
        """The project itself, for its owner.

        Raises:
            NotFoundError: there is no such project of the owner's.
        """
        self._owned(owner, id)
        return self.open(owner, id)

    def enter(self, visitor: str, id: str) -> Shared:
        """Note that a member is there now.

        Raises:
            NotFoundError: there is none of this id that they are a member of.
        """
        with self._turn():
            found = self.get(visitor, id)
            return self._kept(replace(found, seen={**found.seen, visitor: time.time()}))

    def join(self, visitor: str, code: str, name: str) -> Shared:
        """Become an annotator of the project that has this code; who is one stays who they are.

        Args:
            visitor: who joins.
            code: as they were told; small letters, spaces and hyphens do not matter.
            name: what they are called within the project.

        Raises:
            NotFoundError: no project has the code.
            InputError: the name cannot be one, or is somebody else's.
        """
        with self._turn():
            given = plain_code(code).encode()
            # Every code is compared, and whole, so that the time it takes tells nothing.
            same = [one for one in self._all() if hmac.compare_digest(plain_code(one.code).encode(), given)]
            if not same:
                raise NotFoundError("no project has this code: ask who gave it to you for the code as it is now")
            found = same[0]
            if visitor not in found.members:
                if _alike(name := checked_name(name)) in map(_alike, found.members.values()):
                    raise InputError(f"somebody else is called {name!r} here: choose another name")
                found = replace(found, members={**found.members, visitor: name})
            return self._kept(replace(found, seen={**found.seen, visitor: time.time()}))

    def dismiss(self, owner: str, id: str, name: str) -> Shared:
        """Let an annotator in no more, under a new code; their labels stay, and their name can be taken again.

        Raises:
            NotFoundError: there is no such project of the owner's, or nobody there has the name.
            InputError: the name is the owner's own.
        """
        with self._turn():
            found = self._owned(owner, id)
            if found.members[owner] == name:
                raise InputError("who made the project stays in it: delete it instead")
            members = {visitor: known for visitor, known in found.members.items() if known != name}
            if len(members) == len(found.members):
                raise NotFoundError(f"nobody is called {name!r:.80} here")
            return self._kept(replace(found, members=members, code=new_code()))

    def remove(self, owner: str, id: str) -> None:
        """Delete a project with all its labels.

        Raises:
            NotFoundError: there is no such project of the owner's.
            StorageError: the disk refused it.
        """
        with self._turn():
            found = self._owned(owner, id)
            gone = self.folder / f".{found.id}"
            try:
                (self.folder / found.id).rename(gone)
            except OSError as error:
                raise StorageError(f"the project was not deleted: {error.strerror or error}") from error
            with self._guard:
                self._open.pop(id, None)
        shutil.rmtree(gone, ignore_errors=True)

    def _turn(self) -> Any:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return held(self.folder / LOCK)

    def _owned(self, owner: str, id: str) -> Shared:
        found = self.get(owner, id)
        if found.owner != owner:
            raise NotFoundError("this is for who made the project")
        return found

    def _kept(self, one: Shared) -> Shared:
        one.save(self.folder / one.id)
        return one

    def _all(self) -> Iterator[Shared]:
        with suppress(FileNotFoundError):
            for path in self.folder.iterdir():
                with suppress(DataError):  # one that is being deleted
                    if ID.fullmatch(path.name):
                        yield Shared.load(path)


@cache
def shelf_of(folder: Path) -> Shelf:
    """The shelf of a folder, the same for all who ask in this process, so that a project is opened once."""
    return Shelf(folder)


def new_code() -> str:
    """A code of 100 random bits, in groups that can be read aloud.

    >>> len(new_code()), len(plain_code(new_code()))
    (23, 20)
    """
    signs = "".join(secrets.choice(SIGNS) for _ in range(CODE))
    return "-".join(signs[at : at + 5] for at in range(0, CODE, 5))


def plain_code(told: str) -> str:
    """A code as it is compared.

    >>> plain_code(" abcde 23456-fghjk ")
    'ABCDE23456FGHJK'
    """
    return "".join(sign for sign in unicodedata.normalize("NFKC", told).upper() if sign in SIGNS)


def _alike(name: str) -> str:
    """A name without what eyes pass over: two that look the same are the same."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
