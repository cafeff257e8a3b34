"""Headless Chromium for the tests that look at pages: Debian's, driven by its own driver."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from tests.waiting import wait_until

CHROMIUM = Path("/usr/bin/chromium")
DRIVER = Path("/usr/bin/chromedriver")
LOAD_TIMEOUT_S = 60
# Root cannot have Chromium's sandbox, no screen is there, and nothing but the page under test is to be asked for.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
    "--disable-extensions", "--metrics-recording-only", "--hide-scrollbars",
)  # fmt: skip


@dataclass(frozen=True)
class Browser:
    """A window of Chromium. What it shows is waited for, so a page that never shows it fails within a minute."""

    driver: Chrome

    def open(self, url: str, wait_for: str) -> None:
        """Load ``url``; return when ``wait_for`` is shown: a CSS selector, or words when it begins with ``text=``."""
        self.driver.get(url)
        self.wait_for(wait_for)

    def wait_for(self, wanted: str, timeout_s: float = LOAD_TIMEOUT_S) -> None:
        """Return when ``wanted`` (as in ``open``) is shown."""
        wait_until(lambda: self._shows(wanted), timeout_s, f"{wanted!r} at {self.driver.current_url}")

    def screenshot(self, url: str, path: Path, wait_for: str, *, width: int = 1600, height: int = 1000) -> Path:
        """A PNG of ``url``, ``width`` by ``height`` pixels, taken when ``wait_for`` (as in ``open``) is shown."""
        self.driver.set_window_size(width, height)
        self.open(url, wait_for)
        return self.shoot(path)

    def shoot(self, path: Path) -> Path:
        """A PNG at ``path`` of what the window shows now."""
        path.parent.mkdir(parents=True, exist_ok=True)
        assert self.driver.save_screenshot(str(path)), f"no screenshot was written to {path}"
        return path

    def text(self) -> str:
        """The words that the page shows."""
        return self.driver.find_element(By.TAG_NAME, "body").text

    def _shows(self, wanted: str) -> bool:
        try:
            if wanted.startswith("text="):
                return wanted.removeprefix("text=") in self.text()
            return self.driver.find_element(By.CSS_SELECTOR, wanted).is_displayed()
        except (NoSuchElementException, StaleElementReferenceException):
            return False


def _options(profile: Path) -> ChromeOptions:
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    return options


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """Chromium with an empty profile. Skipped where it is not installed; with CI=true its absence fails."""
    if not (CHROMIUM.exists() and DRIVER.exists()):
        absent = "Chromium and its driver are not installed: sh tests/setup.sh says how to get them"
        if os.environ.get("CI") == "true":
            pytest.fail(absent)
        pytest.skip(absent)
    # The driver's path is given, so that selenium neither looks for one nor downloads it nor reports that it did.
    driver = Chrome(options=_options(tmp_path / "profile"), service=Service(executable_path=str(DRIVER)))
    try:
        driver.set_page_load_timeout(LOAD_TIMEOUT_S)
        yield Browser(driver)
    finally:
        driver.quit()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: the folder that WAYBILL_TEST_SCREENSHOTS names, else one that pytest throws away."""
    folder = os.environ.get("WAYBILL_TEST_SCREENSHOTS")
    return Path(folder) if folder else tmp_path_factory.mktemp("screenshots")
