"""Readers of bytes from outside: the corpus replayed, and a short run of each."""

import re
from pathlib import Path

import msgpack
import pytest

from config.load import ROOT
from domain.errors import WireError
from simulation.fuzz import Target, _by_array, fuzz, seeds_of, targets, tried
from simulation.mutate import mutated
from system.clock import chance

CORPUS = ROOT / "tests" / "corpus"
TARGETS = targets(CORPUS)
FRAMES = {"configuration": 40, "calendar": 60, "recording_map": 100, "exchange_file": 100, "store": 300, "recording": 300, "snapshot": 300, "segment": 400}
MOST_BYTES = 300_000
MUST_BE_READ = ("feed", "from_node", "from_gateway", "exchange_client", "exchange_server", "request", "reply", "decision", "segment", "configuration", "recording")


@pytest.mark.parametrize("name", TARGETS)
def test_corpus_is_read_rightly_or_refused(name, tmp_path):
    seeds = seeds_of(CORPUS, name)
    assert seeds
    accepted = 0
    for body in seeds:
        finding, taken = tried(TARGETS[name], body, tmp_path)
        assert finding is None
        accepted += taken
    assert accepted or name not in MUST_BE_READ


def test_corpus_stays_small_and_every_folder_has_its_reader():
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < MOST_BYTES


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_mutated_bytes_are_read_rightly_or_refused(name, tmp_path):
    count = FRAMES.get(name, 1500)
    last = None
    for number, accepted, finding in fuzz(TARGETS[name], seeds_of(CORPUS, name), chance(11), count, tmp_path):
        assert finding is None, finding
        last = (number, accepted)
    assert last is not None and last[0] == count and last[1] < count


# ------------------------------------------------ the judge can fail


def reader(decode, **more):
    return Target("t", _by_array(decode, list, **{"longer": False, **more}), packed=True)


@pytest.mark.parametrize(
    ("decode", "body", "what"),
    [
        (lambda body: [1, 2], [1, True], "WronglyAccepted: \\[1, 2\\] was read, \\[1, True\\] stands there"),
        (lambda body: [1], [True], "stands there"),
        (lambda body: [1], [1, 2], "1 more fields than a message has"),
        (lambda body: 1 // 0, [1], "ZeroDivisionError"),
        (lambda body: msgpack.unpackb(body)[:1], [float("nan")], ""),
    ],
)
def test_reader_that_says_what_is_not_there_is_found(decode, body, what, tmp_path):
    finding, _ = tried(reader(decode), msgpack.packb(body), tmp_path)
    if not what:
        assert finding is None
        return
    assert finding is not None
    assert re.search(what, finding.what)


def test_reader_that_refuses_in_its_own_words_is_no_finding(tmp_path):
    def refuses(_body):
        raise WireError("no")

    assert tried(reader(refuses), b"\x90", tmp_path) == (None, False)


def test_same_seed_makes_the_same_mutations_and_they_differ_from_the_seed():
    seeds = [msgpack.packb(["D", "id", 5, {"a": [1, 2]}])]
    one, other = ([mutated(rng, seeds, packed=True) for _ in range(200)] for rng in (chance(3), chance(3)))
    assert one == other
    assert len(set(one)) > 150


def test_text_is_no_bytes_in_a_request():
    """Found by mutation: base64 in the text of a field of bytes was taken for them."""
    from wire.inspection import MAX_CHANGE_BYTES, decode_request

    with pytest.raises(WireError):
        decode_request(msgpack.packb([1, "change", {}, "eHh4"]), MAX_CHANGE_BYTES)


def test_session_message_has_no_more_fields_than_it_says():
    """Found by mutation: the exchange's own session took fields that nobody reads."""
    from wire.exchange import Truth, decode_from_client, encode

    body = encode(Truth("t", "SHFE"))
    assert decode_from_client(body) == Truth("t", "SHFE")
    with pytest.raises(WireError):
        decode_from_client(msgpack.packb([*msgpack.unpackb(body), 1]))


def test_store_is_read_where_its_file_is(tmp_path):
    assert Path(tmp_path).is_dir()
    assert tried(TARGETS["store"], b"", tmp_path) == (None, True)
