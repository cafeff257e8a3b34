"""The home: ours alone, held by one at a time."""

import os
from pathlib import Path

import pytest

from orchestration.hosting.home import Home, HomeHeldError, HomeUnusableError, held, holder, private_folder


def test_a_new_home_is_closed_to_others(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "deep" / "home").make()
    assert home.artefacts.is_dir()
    assert {path.stat().st_mode & 0o777 for path in (home.path, *home.path.iterdir())} == {0o700}


def test_a_lock_says_who_holds_it_and_is_free_afterwards(tmp_path: Path) -> None:
    lock = tmp_path / "run" / "up.lock"
    lock.parent.mkdir()
    with held(lock, {"pid": 42}):
        assert holder(lock) == {"pid": 42}
        with pytest.raises(HomeHeldError, match="pid 42"), held(lock, {"pid": 43}):
            pytest.fail("two hold it")
    assert holder(lock) == {}
    with held(lock, {}):
        pass


def test_a_file_in_place_of_the_home_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(HomeUnusableError, match="no folder"):
        Home.at(tmp_path / "home").make()


def test_a_planted_socket_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "planted").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HomeUnusableError, match="no folder"):
        private_folder(tmp_path / "planted")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 65534, 65534)
    with pytest.raises(HomeUnusableError, match="user id 65534"):
        private_folder(tmp_path / "theirs")


def test_sockets_of_a_deep_home_move_to_a_short_folder_always_the_same(tmp_path: Path) -> None:
    deep = Home.at(tmp_path / ("x" * 100))
    assert deep.sockets("run") == deep.sockets("run")
    assert deep.sockets("run") != deep.sockets("postgres")
    assert len(str(deep.sockets("postgres"))) <= 90
    assert Home.at(tmp_path / ("y" * 100)).sockets("run") != deep.sockets("run")
