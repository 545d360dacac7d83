"""Where a verb writes, and what it says where it can't."""

import pytest

from tools.errors import UsageError
from tools.run_folder import made_folder, run_folder, write_text


def test_folder_of_ones_own_is_made_private_and_taken_when_empty(tmp_path):
    place = run_folder(tmp_path / "a" / "b", "replay")
    assert place.stat().st_mode & 0o777 == 0o700
    assert run_folder(place, "replay") == place
    (place / "x").touch()
    with pytest.raises(UsageError, match="not empty: a replay wants a folder of its own"):
        run_folder(place, "replay")


@pytest.mark.parametrize(("name", "why"), [("file", "File exists"), ("file/in", "Not a directory")])
def test_folder_that_can_not_be_made_is_told(tmp_path, name, why):
    (tmp_path / "file").touch()
    for make in (made_folder, lambda path: run_folder(path, "assess")):
        with pytest.raises(UsageError, match=f"{why}: give a folder"):
            make(tmp_path / name)


def test_file_that_can_not_be_written_is_told(tmp_path):
    with pytest.raises(UsageError, match="No such file or directory: give a file"):
        write_text(tmp_path / "none" / "page.html", "x")
