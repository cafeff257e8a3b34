"""Are the files of deliverables there, and what they were? A bounded look at a time, each file in turn (CB-10)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.ledger import artefact_looks
from resources.ledger.artefact_looks import PromisedFile

FILES_A_LOOK: Final = 500
WITHIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Verified:
    """``looked`` files were read; the ``damaged`` among them are gone, or not what they were."""

    looked: int
    damaged: Sequence[PromisedFile]


def verify_files(
    engine: Engine, artefacts: ArtefactStore, *, at_most: int = FILES_A_LOOK, within_s: float = WITHIN_S
) -> Verified:
    """Read the files whose turn it is, each whole; begin none when ``within_s`` is over.

    What was found damaged is read again by every look, until it is whole.
    """
    ends_s = time.monotonic() + within_s
    with engine.begin() as connection:
        turn = artefact_looks.in_turn(connection, at_most=at_most)
    looks: dict[str, bool] = {}
    for file in turn:
        if looks and time.monotonic() > ends_s:
            break
        looks[file.content_hash] = artefacts.verify(file.content_hash)
    with engine.begin() as connection:
        artefact_looks.note(connection, looks)
    return Verified(len(looks), [file for file in turn if looks.get(file.content_hash) is False])
