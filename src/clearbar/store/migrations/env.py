"""Run migrations on the connection that `clearbar.store.schema` hands over, inside its transaction."""

from alembic import context

from clearbar.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=context.config.attributes["version_table"],
    render_as_batch=True,
)
context.run_migrations()
