"""Files of jobs: fetched by their owners only; pages among them run their own scripts and nothing else."""

from __future__ import annotations

import re

from tamis.errors import NotFoundError
from tamis.jobs import Jobs
from tamis.serve.lib import FileResponse, HTTPException, fastapi

NAME = re.compile(r"[\w.-]{1,100}", re.ASCII)
SANDBOX = "sandbox allow-scripts allow-downloads; frame-ancestors 'self'"


def router(jobs: Jobs) -> fastapi.APIRouter:
    """The path of files.

    Args:
        jobs: whose files they are.
    """
    paths = fastapi.APIRouter()

    @paths.get("/files/{job}/{name:path}")
    def file(request: fastapi.Request, job: str, name: str) -> FileResponse:
        missing = HTTPException(404, "there is no such file of yours")
        if not all(NAME.fullmatch(part) and part not in (".", "..") for part in name.split("/")):
            raise missing
        try:
            home = jobs.folder_of(jobs.get(request.state.visitor.name, job)).resolve()
        except NotFoundError:
            raise missing from None
        wanted = home.joinpath(*name.split("/")).resolve()
        if not wanted.is_relative_to(home) or not wanted.is_file():  # a link may lead elsewhere
            raise missing
        if wanted.suffix == ".html":
            return FileResponse(wanted, media_type="text/html", headers={"content-security-policy": SANDBOX})
        return FileResponse(wanted, filename=wanted.name)

    return paths
