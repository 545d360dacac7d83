"""`doctor`: each check says OK, NOTE or BAD for what it should."""

import json
import os
import resource
from pathlib import Path

import pytest

from domain.errors import ConfigError
from journal.writer import Journal
from system.clock import SystemClock
from system.kernel_clock import KernelClock, kernel_clock
from tools import doctor_checks as checks
from tools.cli import run
from tools.doctor import ADVICE, advice
from tools.init import EXAMPLES

MS = 1_000_000


def results(found):
    return {each.check: each.result for each in found}


@pytest.mark.parametrize(("version", "result"), [((3, 10, 9), "BAD"), ((3, 11, 0), "OK"), ((3, 13, 2), "OK"), ((3, 14, 0), "NOTE")])
def test_python_is_one_that_is_tested(version, result):
    assert checks.python(version).result == result


def test_libraries_are_beside_their_pins(monkeypatch):
    from importlib import metadata

    assert [each.result for each in checks.libraries()] == ["OK"]
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0.1" if name == "click" else real(name))
    (found,) = checks.libraries()
    assert (found.result, found.found.split(" ")[:2]) == ("NOTE", ["click", "0.1"])

    def gone(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", gone)
    (found,) = checks.libraries()
    assert found.result == "BAD"


@pytest.mark.parametrize(("most", "result"), [(100, "BAD"), (200, "NOTE"), (1024, "OK"), (resource.RLIM_INFINITY, "OK")])
def test_descriptors_suffice_for_the_venues(most, result):
    assert checks.files(most, 3).result == result


@pytest.mark.parametrize(("most", "result"), [(32, "BAD"), (200, "OK"), (resource.RLIM_INFINITY, "OK")])
def test_threads_suffice_for_the_gateways(most, result):
    assert checks.threads(most, 3).result == result


@pytest.mark.parametrize(("swap", "result"), [(0, "OK"), (2_097_152, "NOTE")])
def test_memory_that_may_be_swapped_is_told(swap, result):
    found = checks.memory(swap, 8 * 1024 * 1024)
    assert (found.result, "that may be locked: 8,192 KB" in found.found) == (result, True)


def test_swap_is_the_sum_of_what_is_on(tmp_path):
    told = tmp_path / "swaps"
    told.write_text("Filename\tType\tSize\tUsed\tPriority\n/dev/a partition 1000 0 -2\n/swap file 24 0 -3\n")
    assert checks.swap_kb(told) == 1_024
    assert checks.swap_kb(tmp_path / "none") == 0
    assert checks.swap_kb() >= 0


@pytest.mark.parametrize(("most", "result"), [(0, "OK"), (1, "NOTE"), (resource.RLIM_INFINITY, "NOTE")])
def test_core_files_are_told(most, result):
    assert checks.core_files(most).result == result


def test_files_that_others_may_write_or_keys_that_others_may_read_are_bad(tmp_path):
    from config.load import load

    config, keys = tmp_path / "c.toml", tmp_path / "keys"
    config.write_text(f'[node]\nname = "n"\ncurve_keys = "{keys}"\n')
    keys.write_text("secret")
    for file_mode, keys_mode, wanted in ((0o644, 0o600, ["OK", "OK"]), (0o664, 0o600, ["NOTE", "OK"]), (0o666, 0o640, ["BAD", "BAD"])):
        config.chmod(file_mode)
        keys.chmod(keys_mode)
        assert [each.result for each in checks.readers(load((str(config),)))] == wanted


@pytest.mark.parametrize(
    ("clock", "result"),
    [(None, "NOTE"), (KernelClock(is_kept=False, max_error_us=10), "NOTE"), (KernelClock(is_kept=True, max_error_us=900), "OK"), (KernelClock(is_kept=True, max_error_us=200_000), "NOTE")],
)
def test_clock_is_kept_by_somebody_and_well(clock, result):
    assert checks.kept(clock).result == result


def test_kernel_is_asked_and_nothing_is_set():
    told = kernel_clock()
    assert told is None or told.max_error_us >= 0


def test_clock_that_is_set_while_it_is_looked_at_is_bad():
    assert checks.step(5 * MS, 20 * MS).result == "BAD"
    assert checks.step(-MS, 20 * MS).result == "OK"


@pytest.mark.parametrize(("mode", "result"), [(0o700, "OK"), (0o750, "BAD"), (0o755, "BAD")])
def test_directory_is_private(tmp_path, mode, result):
    place = tmp_path / "node"
    place.mkdir(mode=0o700)
    place.chmod(mode)
    assert [each.result for each in checks.directory(place)] == [result]


def test_directory_of_somebody_else_is_bad(tmp_path, monkeypatch):
    place = tmp_path / "node"
    place.mkdir(mode=0o700)
    monkeypatch.setattr(os, "getuid", lambda: 4_242)
    (found,) = checks.directory(place)
    assert found.result == "BAD"


def test_directory_that_is_not_there_is_judged_by_where_it_would_be(tmp_path):
    (found,) = checks.directory(tmp_path / "a" / "b")
    assert (found.result, "not there yet" in found.found) == ("OK", True)
    (tmp_path / "file").touch()
    (found,) = checks.directory(tmp_path / "file" / "b")
    assert found.result == "BAD"


def test_disk_is_timed_and_left_as_it_was(tmp_path):
    assert len(checks.sync_times_ms(tmp_path)) == checks.SYNCS
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("took_ms", "result"), [(0.1, "OK"), (20.0, "NOTE"), (500.0, "BAD")])
def test_slow_disk_is_told(tmp_path, monkeypatch, took_ms, result):
    monkeypatch.setattr(checks, "sync_times_ms", lambda _there: [took_ms] * 5)
    assert results(checks.disk(tmp_path))["disk sync"] == result


@pytest.mark.parametrize(("megabytes", "result"), [(100, "BAD"), (1_000, "NOTE"), (9_000, "OK")])
def test_disk_without_room_is_told(tmp_path, monkeypatch, megabytes, result):
    told = os.statvfs(tmp_path)
    blocks = megabytes * checks.MB // told.f_frsize
    monkeypatch.setattr(os, "statvfs", lambda _place: os.statvfs_result((*told[:4], blocks, *told[5:10])))
    assert results(checks.disk(tmp_path))["disk room"] == result


def test_calendar_that_ends_is_told(monkeypatch):
    from datetime import date

    import tools.config_verbs
    from config.load import load

    loaded = load((str(EXAMPLES / "a50-if.toml"),))
    far = {each.found for each in checks.configuration(loaded) if each.check == "calendar"}
    monkeypatch.setattr(tools.config_verbs, "today_utc", lambda: date(2099, 1, 1))
    late = [each for each in checks.configuration(loaded) if each.check == "calendar"]
    assert far
    assert {each.result for each in late} == {"BAD"}
    assert all("ended" in each.found for each in late)


def test_journal_is_told_by_its_segments(tmp_path):
    assert [each.found for each in checks.journal(tmp_path)] == ["none yet"]
    Journal(tmp_path / "journal", clock=SystemClock(), segment_bytes=64 * 1024, start=b"\x80").close()
    (found,) = checks.journal(tmp_path)
    assert (found.result, "segments" in found.found) == ("OK", True)
    assert [each.found for each in checks.node(tmp_path)] == ["none runs there"]


def test_every_check_has_advice_in_both_languages(tmp_path):
    wrong = ConfigError("f", "k", "v", "a")
    found = [*checks.every(None, tmp_path, wrong), *checks.every(None, tmp_path, None)]
    assert {each.check for each in found} <= set(ADVICE)
    assert all(advice(check, lang) for check in ADVICE for lang in ("en", "zh"))


def test_verb_exits_3_where_something_is_to_be_put_right(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "node"
    place.mkdir(mode=0o700)
    assert run(["doctor", "-d", str(place), "-o", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {tuple(row) for row in rows} == {("check", "result", "found", "advice")}
    place.chmod(0o755)
    assert run(["doctor", "-d", str(place), "--lang", "zh"]) == 3
    out = capsys.readouterr().out
    assert "须改 目录: 属主改为节点用户" in out
    assert run(["doctor", "-c", "no.toml"]) == 2


def test_verb_tells_a_configuration_that_is_wrong(tmp_path, capsys):
    bad = tmp_path / "bad.toml"
    bad.write_text('[node]\nnmae = "x"\n')
    assert run(["doctor", "-c", str(bad), "-d", str(tmp_path), "-o", "json"]) == 3
    (row,) = [row for row in json.loads(capsys.readouterr().out) if row["check"] == "configuration"]
    assert (row["result"], "nmae" in row["found"]) == ("BAD", True)
    assert Path(bad).exists()
