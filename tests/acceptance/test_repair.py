"""Under a running `waybill up`, what was damaged heals on its own: once, just there, paced, and shown in the UI."""

import shutil
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from qdrant_client import QdrantClient, models
from selenium.webdriver.common.by import By

from resources.domain.ids import ExtractionId, point_id
from resources.vectors.connection import connect
from resources.vectors.schema import collection_name
from tests.acceptance.served import HEALS_WITHIN_S, Served, serving
from tests.acceptance.waybill_process import Waybill
from tests.browser import Browser
from tests.resources.embedder.model_server import ModelServer, Reply, model_server
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

MODEL = "stand-in"
EMBEDDED, POINTED = "every_extraction_is_embedded", "every_point_has_an_extraction"
SENSORS = ("orphans_sensor", "points_sensor")
KEYS = [f"acme:site:{number:04d}" for number in range(4)]
OF_BATCH = "(SELECT id FROM waybill.batches WHERE partition_key = %s)"
DEAD = "SELECT count(*) FROM waybill.dead_letters"
AWAY = [Reply(503)] * 10_000


@dataclass
class Installation:
    """A home with three batches, its embedding model behind HTTP, and a copy of its store from before all else."""

    waybill: Waybill
    site: Path
    model: ModelServer
    old_copy: Path
    stack: ExitStack = field(default_factory=ExitStack)
    up: Served = field(init=False)

    def start(self) -> None:
        self.up = self.stack.enter_context(serving(self.waybill))

    def stop(self) -> None:
        self.stack.close()

    def ingest(self) -> None:
        assert self.waybill.within("ingest", self.site, "--client", "acme").code == 0

    def orphan(self, partition: str) -> int:
        update = f"UPDATE waybill.extractions SET embedding_id = NULL WHERE batch_id = {OF_BATCH} RETURNING id"
        return len(self.up.at.sql(f"{update}", partition))

    def make_due(self, partition: str) -> None:
        self.up.at.sql(
            f"UPDATE waybill.batches SET next_repair_at = now() WHERE id = {OF_BATCH} RETURNING id", partition
        )

    def finds(self, query: str, number: int) -> bool:
        return self.up.at.sql(query) == [(number,)]

    def whole(self) -> bool:
        """Every live extraction has its point, and the store holds these points and no others."""
        live = self.up.at.sql("SELECT id, embedding_id FROM waybill.extractions WHERE retired_at IS NULL")
        linked = {str(point) for _, point in live}
        return linked == {str(point_id(ExtractionId(key), MODEL)) for key, _ in live} == set(self.points())

    def points(self, partition: str | None = None) -> list[str]:
        batch = [str(row[0]) for row in self.up.at.sql(f"SELECT {OF_BATCH}", partition)] if partition else []
        only = models.FieldCondition(key="batch", match=models.MatchAny(any=batch))
        with self.client() as client:
            found, _ = client.scroll(collection_name(MODEL), models.Filter(must=[only] if batch else []), limit=10_000)
        return [str(point.id) for point in found]

    @contextmanager
    def client(self) -> Iterator[QdrantClient]:
        with closing(connect(self.up.at.vectors, self.up.at.key)) as client:
            yield client


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("repair")
    site = folder / "site"
    site.mkdir()
    for number in range(9):
        write(site, f"{number}", f"Workshop {number} mended {number + 40} jackets on 14 March 2011.")
    with model_server() as model:
        settings = {
            "WAYBILL_BATCH_SIZE_DOCUMENTS": "3",
            "WAYBILL_ORPHAN_CHECK_INTERVAL_S": "5",
            "WAYBILL_EMBEDDER": f"openai:{MODEL}",
            "WAYBILL_EMBEDDER_URL": model.url,
        }
        waybill = Waybill(folder / "home", settings)
        made = Installation(waybill, site, model, folder / "old_copy")
        made.ingest()  # alone: so the vector engine has ended when its folder is copied
        shutil.copytree(waybill.home / "vectors", made.old_copy)
        made.start()
        try:
            with made.stack:
                yield made
        finally:
            waybill.kill_all()


def write(site: Path, name: str, text: str) -> None:
    (site / f"{name}.txt").write_text(textwrap.dedent(text))


def test_KX_1_orphans_of_one_partition_are_embedded_again_by_one_run_of_it_alone(installation: Installation) -> None:
    up = installation.up
    assert installation.whole()
    assert up.runs("embed_batch") == []

    assert installation.orphan(KEYS[1]) == 6
    wait_until(installation.whole, HEALS_WITHIN_S, "the repair")

    run = up.wait_for_runs("embed_batch", KEYS[1], 1)[0]
    assert (run.status, run.sensor) == ("SUCCESS", "orphans_sensor")
    history = up.history(EMBEDDED, KEYS[1])
    assert history[0] == (True, run.id)
    assert history[1] == (False, run.run_key), "the sensor's failure, then the run that it caused, passed"
    up.wait_for_ticks(*SENSORS, number=1)
    assert [each.partition for each in up.runs("embed_batch")] == [KEYS[1]], "no other partition, and no second run"
    assert len(up.history(EMBEDDED, KEYS[1])) == len(history)


def test_the_ui_shows_the_failed_check_and_the_passed_one_after(
    installation: Installation, browser: Browser, screenshots: Path
) -> None:
    browser.driver.set_window_size(1600, 1000)
    browser.open(f"{installation.up.url}/assets/embeddings?view=checks", "text=Execution history")
    browser.driver.find_element(By.XPATH, "//*[text()='Execution history']").click()
    browser.wait_for("text=6 extractions have no embedding")
    browser.shoot(screenshots / "ui" / "check_history.png")
    shown = browser.text()
    assert "Passed" in shown
    assert "Failed" in shown
    assert KEYS[1] in shown


def test_points_deleted_from_the_store_come_back(installation: Installation) -> None:
    up = installation.up
    lost = installation.points(KEYS[2])[:2]
    with installation.client() as client:
        client.delete(collection_name(MODEL), models.PointIdsList(points=list[Any](lost)))

    wait_until(installation.whole, HEALS_WITHIN_S, "the repair")

    run = up.wait_for_runs("embed_batch", KEYS[2], 1)[0]
    assert (run.status, run.sensor) == ("SUCCESS", "points_sensor")
    assert up.history(POINTED, KEYS[2])[:2] == [(True, run.id), (False, run.run_key)]
    assert [each.partition for each in up.runs("embed_batch")] == [KEYS[2], KEYS[1]]


def test_an_outage_of_the_embedder_blames_no_row_and_heals_when_it_is_back(installation: Installation) -> None:
    up, model = installation.up, installation.model
    model.replies.extend(AWAY)
    installation.orphan(KEYS[0])
    failed = up.wait_for_runs("embed_batch", KEYS[0], 1)[0]
    assert failed.status == "FAILURE"
    assert up.at.sql("SELECT sum(embedding_failures), (SELECT count(*) FROM waybill.dead_letters) "
                     "FROM waybill.extractions") == [(0, 0)]  # fmt: skip

    model.replies.clear()
    installation.make_due(KEYS[0])
    wait_until(installation.whole, HEALS_WITHIN_S, "the repair")
    assert [run.status for run in up.wait_for_runs("embed_batch", KEYS[0], 2)] == ["SUCCESS", "FAILURE"]


def test_a_poison_row_ends_as_a_dead_letter_after_three_attempts_and_stops_nobody_else(
    installation: Installation,
) -> None:
    up, poison, embedded = installation.up, KEYS[3], "SELECT count(embedding_id), count(*) FROM waybill.extractions e"
    write(installation.site, "x", "The poison costs 12 pounds.")
    write(installation.site, "y", "The Leeds store opens on 16 May 2026.")
    installation.ingest()  # the first attempt
    failures = "SELECT max(embedding_failures) FROM waybill.extractions"
    for attempt in (1, 2):
        wait_until(partial(installation.finds, failures, attempt), HEALS_WITHIN_S, f"attempt {attempt}")
        assert installation.finds(DEAD, 0)
        installation.make_due(poison)
    wait_until(partial(installation.finds, DEAD, 2), HEALS_WITHIN_S, "dead letters")

    assert up.at.sql("SELECT DISTINCT attempts, stage FROM waybill.dead_letters") == [(3, "embedding")]
    assert up.at.sql(f"{embedded} WHERE retired_at IS NULL AND text NOT LIKE '%%poison%%'") == [(20, 20)]
    up.wait_for_runs("embed_batch", poison, 2)
    installation.make_due(poison)
    up.wait_for_ticks("orphans_sensor", number=1)
    assert len(up.runs("embed_batch", poison)) == 2, "a dead letter is not tried again"
    assert up.history(EMBEDDED, poison)[0][0] is False, "and stays visible"
    installation.site.joinpath("x.txt").unlink()
    installation.ingest()
    assert installation.whole()


def test_a_store_restored_from_an_old_copy_heals(installation: Installation) -> None:
    write(installation.site, "0", "Workshop zero mended 99 jackets on 15 April 2012.")
    write(installation.site, "z", "The York store opens on 17 May 2026.")
    installation.ingest()
    assert installation.whole()
    runs = len(installation.up.runs("embed_batch"))
    installation.stop()
    assert installation.waybill.left_behind() == []
    shutil.rmtree(installation.waybill.home / "vectors")
    shutil.copytree(installation.old_copy, installation.waybill.home / "vectors")

    installation.start()
    # As many points as linked rows in the first batch, but not the same; and none of the last batch.
    assert not installation.whole()
    wait_until(installation.whole, HEALS_WITHIN_S, "the repair")

    found = installation.up.runs("embed_batch")
    assert {run.sensor for run in found[: len(found) - runs]} == {"points_sensor"}
    assert {run.partition for run in found[: len(found) - runs]} == {KEYS[0], KEYS[3]}
