"""The office that the tests of tasks share."""

from collections.abc import Iterator

import pytest

from tests.acceptance.tasks.office import Office, opened


@pytest.fixture(scope="package")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with opened(tmp_path_factory.mktemp("office")) as made:
        yield made
