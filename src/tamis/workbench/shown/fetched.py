"""Links to the files that a job has made, as HTML."""

from __future__ import annotations

from tamis.jobs import Job
from tamis.workbench.desk import Desk
from tamis.workbench.marks import text
from tamis.workbench.words import Said


def job_files(job: Job, desk: Desk, words: Said) -> str:
    """A link a file of the result's ``files``; the tab has a sentence ``file_NAME`` for each."""
    links = [
        f'<a class="t-file" download href="{desk.link(job.id, name)}">{text(words("file_" + name.partition(".")[0]))}'
        f" <code>{text(name)}</code></a>"
        for name in job.result["files"]
    ]
    return f'<p class="t-files">{" ".join(links)}</p>'
