"""Files of labelling projects: written when a member asks for them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from tamis.errors import TamisError
from tamis.labelling import Project, Shelf
from tamis.serve.lib import HTTPException, Response, fastapi

PATH = "/labels"

Written = Callable[[Project, Path], object]
WAYS: Mapping[str, Written] = MappingProxyType(
    {
        "labels.jsonl": lambda project, path: project.export(path),
        "labels.csv": lambda project, path: project.export(path, spreadsheet=True),
        "labels-every-round.jsonl": lambda project, path: project.export(path, every_round=True),
        "annotations.jsonl": lambda project, path: project.annotations(path),
        "annotations.csv": lambda project, path: project.annotations(path, spreadsheet=True),
    }
)
KINDS = {".jsonl": "application/x-ndjson", ".csv": "text/csv; charset=utf-8"}


def router(shelf: Shelf) -> fastapi.APIRouter:
    """The path of files.

    Args:
        shelf: whose projects they are of.
    """
    paths = fastapi.APIRouter()

    @paths.get(f"{PATH}/{{project}}/{{name}}")
    def file(request: fastapi.Request, project: str, name: str) -> Response:
        try:
            found = shelf.open(request.state.visitor.name, project)
            content = written(found, name)
        except (TamisError, KeyError):
            raise HTTPException(404, "there is no such file of yours") from None
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type=KINDS[Path(name).suffix], headers=headers)

    return paths


def written(project: Project, name: str) -> bytes:
    """What a file holds now.

    Raises:
        KeyError: there is none of this name.
        InputError: nothing is labelled yet.
    """
    write = WAYS[name]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(project, path)
        return path.read_bytes()
