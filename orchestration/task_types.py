"""The kinds of work in Dagster's terms: the assets, checks and job of each, from the module that it names."""

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Final

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import (
    UnresolvedAssetJobDefinition as UnresolvedJob,  # what `define_asset_job` returns has no public name
)

from resources.domain.task_types import Kind, KindInvalidError, kinds

LEDGER_RETRIES: Final = {"dagster/max_retries": "0"}
"""The ledger alone retries work: sensors ask again for what is still to do, at a pace (design §5)."""


@dataclass(frozen=True, slots=True)
class PluggedIn:
    """What Dagster is given of a kind."""

    kind: Kind
    assets: list[dg.AssetsDefinition]
    checks: list[dg.AssetChecksDefinition]
    job: UnresolvedJob


def plugged_in() -> list[PluggedIn]:
    """Every installed kind.

    Raises:
        KindInvalidError: a module of assets cannot be loaded, or has none.
    """
    return [_of(kind) for kind in kinds().values()]


def _of(kind: Kind) -> PluggedIn:
    module = _module(kind)
    assets = list(getattr(module, "ASSETS", ()))
    if not assets or not all(isinstance(each, dg.AssetsDefinition) for each in assets):
        raise _invalid(kind, "a list ASSETS of Dagster assets", f"{len(assets)} of them")
    job = dg.define_asset_job(
        kind.job, selection=dg.AssetSelection.assets(*assets), tags=LEDGER_RETRIES, description=kind.about
    )
    return PluggedIn(kind, assets, list(getattr(module, "CHECKS", ())), job)


def _module(kind: Kind) -> ModuleType:
    try:
        return import_module(kind.assets)
    except Exception as error:
        raise _invalid(kind, f"the module {kind.assets}", f"{type(error).__name__}: {error}") from error


def _invalid(kind: Kind, expected: str, found: str) -> KindInvalidError:
    return KindInvalidError(
        f"task type {kind.name}", expected=expected, found=found, remedy="Mend its package or uninstall it."
    )
