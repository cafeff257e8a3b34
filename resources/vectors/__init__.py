"""The index that search asks: one Qdrant collection for each embedding model, over HTTP, embedded or your own.

What belongs here: everything that speaks to Qdrant, and the BM25 vectors that only it reads. What does not: rows
(``resources.ledger``), dense vectors (``resources.embedder``), and what may be shown, which the ledger decides.
"""
