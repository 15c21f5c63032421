"""A process that labels until nothing is left, for tests that start many and kill some: python crowd.py DIR NAME."""

import sys

from tamis.labelling import Project


def work(folder: str, name: str) -> None:
    """Label whatever comes, and say of each label that it was acknowledged."""
    project = Project.open(folder)
    while (item := project.next(name)) is not None:
        project.label(item.id, name, "relevant", seconds=0.5)
        sys.stdout.write(item.id + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    work(*sys.argv[1:3])
