"""The packages of ``tamis[store]``, asked for once: the store takes their names from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tamis.extras import require

if TYPE_CHECKING:
    import sqlalchemy as sa
    from alembic import op as op
    from alembic.config import Config as Config
    from alembic.runtime.environment import EnvironmentContext as EnvironmentContext
    from alembic.script import ScriptDirectory as ScriptDirectory
    from sqlalchemy.dialects import postgresql as postgresql
    from sqlalchemy.dialects import sqlite as sqlite
else:
    sa = require("sqlalchemy")
    postgresql, sqlite = require("sqlalchemy.dialects.postgresql"), require("sqlalchemy.dialects.sqlite")
    op, Config = require("alembic.op"), require("alembic.config").Config
    EnvironmentContext = require("alembic.runtime.environment").EnvironmentContext
    ScriptDirectory = require("alembic.script").ScriptDirectory

__all__ = ["Config", "EnvironmentContext", "ScriptDirectory", "op", "postgresql", "sa", "sqlite"]
