"""How alembic reaches the ledger: over the connection that `resources.ledger.migrate` hands it."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table_schema="waybill")
with context.begin_transaction():
    context.run_migrations()
