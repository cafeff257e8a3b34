"""Secrets at rest: one key for all who come at once, private, and a wrong one is told for what it is."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from cryptography.fernet import Fernet

from resources.vault import KEY_FILE, SecretKeyError, SecretUnreadableError, Vault, load_key

AT_ONCE = 16


def test_all_who_come_at_once_get_the_same_key_and_leave_one_private_file(tmp_path: Path) -> None:
    together = Barrier(AT_ONCE)

    def load(_: int) -> bytes:
        together.wait()
        return load_key(tmp_path, None)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        keys = set(pool.map(load, range(AT_ONCE)))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert (tmp_path / KEY_FILE).read_bytes() == keys.pop()


def test_a_configured_key_is_used_and_none_is_made(tmp_path: Path) -> None:
    key = Fernet.generate_key().decode()
    vault = Vault.of(tmp_path, key)
    assert Vault.of(tmp_path, key).open(vault.seal("s3cret ü"), what="a secret") == "s3cret ü"
    assert list(tmp_path.iterdir()) == []


def test_what_is_sealed_does_not_show_the_secret_and_differs_each_time(tmp_path: Path) -> None:
    vault = Vault.of(tmp_path, None)
    one, two = vault.seal("hunter2"), vault.seal("hunter2")
    assert one != two
    assert b"hunter2" not in one
    assert Vault.of(tmp_path, None).open(one, what="a secret") == "hunter2"


def test_another_key_is_told_with_where_it_is_kept_and_what_to_do(tmp_path: Path) -> None:
    sealed = Vault(Fernet.generate_key()).seal("hunter2")
    with pytest.raises(SecretUnreadableError) as told:
        Vault.of(tmp_path, None).open(sealed, what="the secret of webhook clickup")
    said = str(told.value)
    assert said.startswith("the secret of webhook clickup: ")
    assert str(tmp_path / KEY_FILE) in said
    assert "waybill clickup webhook ensure" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("key", ["short", "é" * 44, "A" * 44])
def test_a_key_that_is_none_is_refused_and_not_shown(tmp_path: Path, key: str) -> None:
    with pytest.raises(SecretKeyError) as told:
        load_key(tmp_path, key)
    assert "WAYBILL_SECRET_KEY" in str(told.value)
    assert key not in str(told.value)


def test_a_key_file_that_was_damaged_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text("damaged")
    with pytest.raises(SecretKeyError, match=KEY_FILE):
        load_key(tmp_path, None)
    assert (tmp_path / KEY_FILE).read_text() == "damaged"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SecretKeyError, match="No such file"):
        load_key(tmp_path / "absent", None)
