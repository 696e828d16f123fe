"""Alembic's scripts: `database.migrate` runs them on every start."""
