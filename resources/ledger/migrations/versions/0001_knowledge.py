"""Clients, sources, batches, documents and their versions, extractions, dead letters.

Two roles: ``waybill_owner`` owns and migrates, ``waybill_app`` runs. What is append-only is INSERT and SELECT for the
app; the one way to delete a version is ``purge_documents``, which touches only sources that are being removed.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CLIENTS = """
CREATE TABLE waybill.clients (
    slug        text PRIMARY KEY CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    created_at  timestamptz NOT NULL DEFAULT now()
)
"""

# A lease is not a state: an owner and an expiry beside it (design §5). The version fences out former owners.
LEASE = """
    version          integer NOT NULL DEFAULT 1,
    lease_owner      text,
    lease_process    text,
    lease_expires_at timestamptz,
    CHECK ((lease_owner IS NULL) = (lease_expires_at IS NULL))
"""

SOURCES = f"""
CREATE TABLE waybill.sources (
    id               uuid PRIMARY KEY,
    client           text NOT NULL REFERENCES waybill.clients,
    name             text NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9._-]{{0,62}}$'),
    kind             text NOT NULL CHECK (kind IN ('folder', 'upload')),
    location         text NOT NULL,
    batch_documents  integer NOT NULL CHECK (batch_documents BETWEEN 1 AND 1000),
    removing_at      timestamptz,
    listed_at        timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    {LEASE},
    UNIQUE (client, kind, location),
    UNIQUE (client, name)
)
"""

BATCHES = f"""
CREATE TABLE waybill.batches (
    id              uuid PRIMARY KEY,
    source_id       uuid NOT NULL REFERENCES waybill.sources,
    ordinal         integer NOT NULL CHECK (ordinal >= 0),
    partition_key   text NOT NULL UNIQUE,
    next_repair_at  timestamptz,
    repairs         integer NOT NULL DEFAULT 0,
    retired_at      timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    {LEASE},
    UNIQUE (source_id, ordinal)
)
"""

# The state of a document is derived from what exists, never set (KX-2).
DOCUMENTS = """
CREATE TABLE waybill.documents (
    id                    uuid PRIMARY KEY,
    source_id             uuid NOT NULL REFERENCES waybill.sources,
    batch_id              uuid NOT NULL REFERENCES waybill.batches,
    uri                   text NOT NULL,
    media_type            text NOT NULL,
    size_bytes            bigint NOT NULL,
    title                 text,
    fingerprint           text NOT NULL,
    fetched_fingerprint   text,
    current_version_id    uuid,
    extracted_version_id  uuid,
    extractor             text,
    failure               jsonb,
    gone_at               timestamptz,
    created_at            timestamptz NOT NULL DEFAULT now(),
    state                 text NOT NULL GENERATED ALWAYS AS (CASE
        WHEN gone_at IS NOT NULL THEN 'gone'
        WHEN fetched_fingerprint IS DISTINCT FROM fingerprint THEN 'listed'
        WHEN failure IS NOT NULL THEN 'failed'
        WHEN extracted_version_id IS DISTINCT FROM current_version_id THEN 'fetched'
        ELSE 'extracted' END) STORED,
    UNIQUE (source_id, uri)
)
"""

DOCUMENT_VERSIONS = """
CREATE TABLE waybill.document_versions (
    id            uuid PRIMARY KEY,
    document_id   uuid NOT NULL REFERENCES waybill.documents,
    content_hash  text NOT NULL,
    title         text,
    text          text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now()
)
"""

# The version's reference stands for the document's: one of its own would make every deletion of a document look for
# extractions in every batch, as their index begins with the batch.
EXTRACTIONS = """
CREATE TABLE waybill.extractions (
    id                  uuid PRIMARY KEY,
    document_id         uuid NOT NULL,
    batch_id            uuid NOT NULL REFERENCES waybill.batches,
    version_id          uuid NOT NULL REFERENCES waybill.document_versions,
    template            text NOT NULL,
    labels              text[] NOT NULL DEFAULT '{}',
    text                text NOT NULL,
    span_start          integer NOT NULL CHECK (span_start >= 0),
    span_end            integer NOT NULL,
    confidence          real NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    model               text NOT NULL,
    prompt_version      text,
    embedding_id        uuid,
    embedding_model     text,
    embedded_at         timestamptz,
    embedding_failures  smallint NOT NULL DEFAULT 0,
    retired_at          timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    CHECK (span_end > span_start),
    CHECK (embedding_id IS NULL OR (embedding_model IS NOT NULL AND embedded_at IS NOT NULL))
)
"""

DEAD_LETTERS = """
CREATE TABLE waybill.dead_letters (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stage        text NOT NULL,
    subject      text NOT NULL,
    batch_id     uuid REFERENCES waybill.batches ON DELETE CASCADE,
    request      jsonb NOT NULL,
    error        text NOT NULL,
    attempts     integer NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    replayed_at  timestamptz,
    UNIQUE (stage, subject)
)
"""

INDEXES = (
    "CREATE INDEX documents_pending ON waybill.documents (batch_id, state) WHERE state IN ('listed', 'fetched')",
    "CREATE INDEX documents_of_batch ON waybill.documents (batch_id)",
    "CREATE INDEX versions_of_document ON waybill.document_versions (document_id)",
    # Serves the batch's extractions, a document's within it, and the count of linked rows without touching the table.
    "CREATE INDEX extractions_of_batch ON waybill.extractions (batch_id, document_id) INCLUDE (embedding_id)",
    # An orphan costs what the orphans cost, not what the table costs (design §5).
    "CREATE INDEX extractions_orphans ON waybill.extractions (batch_id, id)"
    " WHERE embedding_id IS NULL AND retired_at IS NULL",
    # Retired rows whose point still stands in the store.
    "CREATE INDEX extractions_leftovers ON waybill.extractions (batch_id, id)"
    " WHERE embedding_id IS NOT NULL AND retired_at IS NOT NULL",
    "CREATE INDEX extractions_of_version ON waybill.extractions (version_id)",
    "CREATE INDEX dead_letters_of_batch ON waybill.dead_letters (batch_id)",
)

PURGE = """
CREATE FUNCTION waybill.purge_documents(source uuid, at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = waybill, pg_temp AS $$
DECLARE purged uuid[];
BEGIN
    IF NOT EXISTS (SELECT FROM sources WHERE id = source AND removing_at IS NOT NULL) THEN
        RAISE EXCEPTION 'source % is not being removed', source;
    END IF;
    SELECT array_agg(id) INTO purged FROM (SELECT id FROM documents WHERE source_id = source LIMIT at_most) AS chosen;
    DELETE FROM extractions WHERE document_id = ANY(purged)
        AND batch_id IN (SELECT id FROM batches WHERE source_id = source);
    DELETE FROM document_versions WHERE document_id = ANY(purged);
    DELETE FROM documents WHERE id = ANY(purged);
    RETURN coalesce(array_length(purged, 1), 0);
END $$
"""

GRANTS = (
    "REVOKE ALL ON FUNCTION waybill.purge_documents FROM PUBLIC",
    "GRANT USAGE ON SCHEMA waybill TO waybill_app",
    "GRANT EXECUTE ON FUNCTION waybill.purge_documents TO waybill_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON waybill.clients, waybill.sources, waybill.batches, waybill.dead_letters"
    " TO waybill_app",
    "GRANT SELECT, INSERT, UPDATE ON waybill.documents, waybill.extractions TO waybill_app",
    "GRANT SELECT, INSERT ON waybill.document_versions TO waybill_app",
    "GRANT SELECT ON waybill.alembic_version TO waybill_app",
)


def upgrade() -> None:
    for table in (CLIENTS, SOURCES, BATCHES, DOCUMENTS, DOCUMENT_VERSIONS, EXTRACTIONS, DEAD_LETTERS):
        op.execute(table)
    for index in INDEXES:
        op.execute(index)
    op.execute(PURGE)
    for grant in GRANTS:
        op.execute(grant)
