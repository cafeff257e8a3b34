"""The browser that later tests look through: real pages, real waiting."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.browser import Browser

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PAGE = """<!doctype html><title>Lineage</title><body><h1>Assets</h1><script>
setTimeout(() => { document.body.innerHTML += '<p class="late">embeddings follow extractions</p>' }, 300)
</script></body>"""


@pytest.fixture
def page_url(tmp_path: Path) -> Iterator[str]:
    """The address of a page that shows its paragraph a moment after it has loaded."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "index.html").write_text(PAGE, encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize("wait_for", ["p.late", "text=embeddings follow"])
def test_a_screenshot_is_taken_when_the_page_shows_what_was_waited_for(
    browser: Browser, page_url: str, screenshots: Path, wait_for: str
) -> None:
    path = browser.screenshot(page_url, screenshots / "browser" / "page.png", wait_for, width=800, height=600)
    content = path.read_bytes()
    assert content.startswith(PNG_SIGNATURE)
    assert int.from_bytes(content[16:20]) == 800  # the width in the PNG's header
    assert "embeddings follow extractions" in browser.text()


def test_what_a_page_never_shows_fails_in_the_time_given(browser: Browser, page_url: str) -> None:
    browser.open(page_url, "h1")
    with pytest.raises(AssertionError, match=r"p\.never.*did not hold within 1 s"):
        browser.wait_for("p.never", timeout_s=1)
