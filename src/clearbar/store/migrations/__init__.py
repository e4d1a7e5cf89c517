"""Alembic's folder: `versions/` holds one module a revision."""
