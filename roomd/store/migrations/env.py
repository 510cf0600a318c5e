"""Where alembic finds its connection: `roomd.store.migrate` hands it in. Logging stays as the server set it up."""

from alembic import context

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("run `roomd migrate`; alembic's own command line has no connection to use here")

context.configure(connection=connection, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
