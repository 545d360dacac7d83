"""Which shard is meant: by prefix, by a pair's place, by who has it."""

from types import SimpleNamespace

import pytest

from tools import shards_where as where
from tools.client import Absent
from tools.errors import NotConnected, UsageError

HAS = {"one": {"node/root", "AxB", "only/one"}, "two": {"node/root", "CxD"}}


class Observer:
    def __init__(self, place, _socket=""):
        self.place = place

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def ask(self, _verb, name):
        if name not in HAS[self.place]:
            raise Absent(f"no actor {name!r}; here {self.place}")

    def rows(self, verb, _key):
        if verb == "orders":
            yield from ({"hedge": f"{self.place}.1", "order": f"{self.place}.1.{number}", "venue": "V" if number < 2 else "W"} for number in range(3))
            return
        symbol = {"one": "X", "two": "Y"}[self.place]
        yield {"table": "venue[V]", "settings": {}}
        yield {"table": f"pair[{self.place}]", "settings": {"legs": [{"venue": "V", "symbol": symbol}]}}


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setattr(where, "Client", Observer)
    return SimpleNamespace(dirs={"one": "one", "two": "two"}, places={"AxB": "one", "CxD": "two"}, there={"one": 1, "two": 2}, away={})


@pytest.mark.parametrize(
    ("name", "found"),
    [("two:node/root", ("two", "node/root")), ("CxD", ("two", "CxD")), ("CxD/rollback", ("two", "CxD/rollback")), ("only/one", ("one", "only/one"))],
)
def test_an_actor_is_found_by_its_shard_its_pair_or_by_who_has_it(client, name, found):
    assert where.of_actor(client, name) == found


def test_an_actor_of_several_shards_or_of_none_is_refused_by_name(client):
    with pytest.raises(UsageError, match="one:node/root, two:node/root"):
        where.of_actor(client, "node/root")
    with pytest.raises(Absent, match="no actor 'elsewhere:x'; here one"):
        where.of_actor(client, "elsewhere:x")


def test_a_trace_bears_its_shard(client):
    assert where.of_trace(client, where.trace_name("two", 7)) == ("two", 7)
    for wrong in ("7", "three:7", "two:x"):
        with pytest.raises(Absent, match="no trace"):
            where.of_trace(client, wrong)


def test_an_instrument_is_its_traders_also_where_others_hear_of_it(client):
    assert where.of_instrument(client, "V", "Y") == "two"
    with pytest.raises(Absent, match="no pair trades Z at V"):
        where.of_instrument(client, "V", "Z")
    del client.there["two"]
    client.away["two"] = "hung"
    with pytest.raises(NotConnected, match="away: two"):
        where.of_instrument(client, "V", "Y")


def test_what_lives_at_a_venue_is_told_by_shard_and_hedge(client, monkeypatch):
    assert list(where.living_at(client, "V")) == ["one: one.1, live there: one.1.0 one.1.1", "two: two.1, live there: two.1.0 two.1.1"]

    def hung(*_):
        raise NotConnected("no answer")

    monkeypatch.setattr(where, "Client", hung)
    assert next(iter(where.living_at(client, "V"))) == "shard one is away: what it has there is not known"
