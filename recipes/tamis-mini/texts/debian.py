"""Debian packages and package descriptions, fetched by apt into a cache folder; nothing is installed."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

LANGUAGES = '#clear Acquire::Languages;\nAcquire::Languages { "en"; "zh_CN"; };\n'


class Unavailable(Exception):
    """A source cannot be had, and why."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package by its exact version and the digest of its file."""

    name: str
    version: str
    sha256: str

    def fetched(self, cache: Path) -> Path:
        """The folder it is unpacked in; downloaded and verified where it is not there yet.

        Raises:
            Unavailable: apt does not offer the version, or its digest is another.
        """
        root = cache / "root" / f"{self.name}_{self.version}"
        if root.is_dir():
            return root
        cache.mkdir(parents=True, exist_ok=True)
        found = self._file(cache)
        if found is None:
            _run(["apt-get", "download", f"{self.name}={self.version}"], cache)
            found = self._file(cache)
        if found is None or (digest := sha256_of(found)) != self.sha256:
            raise Unavailable(f"{self.name}={self.version}: expected sha256 {self.sha256}, got {found and digest}")
        draft = root.with_name(f".{root.name}")
        draft.mkdir(parents=True, exist_ok=True)
        _run(["dpkg", "-x", str(found.resolve()), str(draft.resolve())], cache)
        return draft.rename(root)

    def _file(self, cache: Path) -> Path | None:
        named = f"{self.name}_{quote(self.version, safe='+~')}_"
        return next((path for path in sorted(cache.glob("*.deb")) if path.name.startswith(named)), None)


@dataclass(frozen=True, slots=True)
class Index:
    """The descriptions of all packages of the main archive in one language, as apt fetches them."""

    language: str

    def fetched(self, cache: Path) -> Path:
        """The file of stanzas; fetched into a private folder of lists, so that the system's are left alone.

        Raises:
            Unavailable: apt has no translations, as where the archive cannot be reached.
        """
        path = cache / f"Translation-{self.language}"
        if path.is_file():
            return path
        lists = cache / "lists"
        (lists / "partial").mkdir(parents=True, exist_ok=True)
        (cache / "languages.conf").write_text(LANGUAGES, "utf-8")
        where = ["-c", "languages.conf", "-o", f"Dir::State::lists={lists.resolve()}"]
        _run(["apt-get", *where, "update"], cache)
        name = quote(self.language, safe="").replace("_", "%5f")
        files = sorted(lists.glob(f"*_debian_dists_*_main_i18n_Translation-{name}*"), key=lambda p: p.stat().st_size)
        if not files:
            raise Unavailable(f"no package descriptions in {self.language}")
        path.write_bytes(_run(["/usr/lib/apt/apt-helper", "cat-file", str(files[-1].resolve())], cache))
        return path


def sha256_of(path: Path) -> str:
    """The digest of a file, or of all files of a folder in the order of their paths."""
    files = sorted(item for item in path.rglob("*") if item.is_file()) if path.is_dir() else [path]
    total = hashlib.sha256()
    for item in files:
        total.update(item.read_bytes())
    return total.hexdigest()


def _run(command: list[str], folder: Path) -> bytes:
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"") or str(error).encode()
        raise Unavailable(f"{' '.join(command[:3])}: {said.decode('utf-8', 'replace').strip()[-200:]}") from error
