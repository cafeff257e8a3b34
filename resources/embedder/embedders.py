"""Which embedder a setting means."""

from resources.embedder.embedder import Embedder, EmbedderMisconfiguredError


def open_embedder(name: str, url: str | None = None, api_key: str | None = None) -> Embedder:
    """The embedder called ``name``: ``wordllama``, ``fastembed:MODEL`` or ``openai:MODEL``.

    Args:
        name: as in ``WAYBILL_EMBEDDER``.
        url: of the server, for ``openai:MODEL``.
        api_key: of that server, if it wants one.

    Raises:
        EmbedderMisconfiguredError: no such embedder, or it lacks what it needs.
    """
    kind, _, model = name.partition(":")
    if name == "wordllama":
        from resources.embedder.wordllama import WordLlamaEmbedder

        return WordLlamaEmbedder()
    if kind == "fastembed" and model:
        from resources.embedder.fastembed import FastEmbedEmbedder

        return FastEmbedEmbedder(model)
    if kind == "openai" and model and url:
        from resources.embedder.openai import OpenAIEmbedder

        return OpenAIEmbedder(model, url, api_key)
    raise EmbedderMisconfiguredError(
        f"WAYBILL_EMBEDDER={name}",
        expected="wordllama, fastembed:MODEL, or openai:MODEL with WAYBILL_EMBEDDER_URL",
        found=f"{name!r} {'with' if url else 'without'} a URL",
        remedy="Set one of these.",
    )
