"""The warning of recipes that cannot do what the founding text lets their caller expect."""

from __future__ import annotations


class DiffersFromFounding(UserWarning):
    """A recipe did less than its founding namesake would have, because the namesake would have guessed."""
