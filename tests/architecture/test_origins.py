"""The package names are generic: a stray ``resources`` elsewhere on the path must not be taken for ours."""

from importlib.util import find_spec

import pytest

from tests.architecture.sources import ROOT


@pytest.mark.parametrize("package", ["orchestration", "assets", "resources", "sensors"])
def test_the_package_is_this_checkouts(package: str) -> None:
    spec = find_spec(package)
    assert spec is not None, f"{package} cannot be imported: run make setup"
    assert spec.origin == str(ROOT / package / "__init__.py")
