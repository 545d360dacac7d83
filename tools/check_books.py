#!/usr/bin/env python3
"""Compares a run's journal with the venues' truth, by itself.

    python3 -I check_books.py RUN --lots VENUE/SYMBOL=9 --lots VENUE/SYMBOL=-4 [--most-orders 16 --orders-a-retry 4]

Nothing but Python's own library: no code of the engine, no MessagePack of
another's. RUN is the folder of a torture or a chaos: `truth.jsonl`, the
gateways' files under `node/gateways`, the journal in `node/journal`. Exit: 0
both say the same, 1 they don't, 2 there is nothing to compare.

What must hold. The journal's chain is whole. Each order at a venue has an
intent on record under its own id, and no id is two orders. Each trade at a
venue is on record in a report, lot for lot; no report tells a trade that the
venue does not have. Nothing works in the end, and what the venues hold of each
leg is the same number of pair units.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import struct
import sys
import zlib
from collections import Counter, defaultdict
from pathlib import Path

HEADER_BYTES = 4096
HEAD = struct.Struct("<IIQqqQB")
STORE_HEAD = struct.Struct("<II")
WORKING = {"0", "1", "6", "A"}
FINE, DIFFERENT, USAGE = 0, 1, 2
MOST_SHOWN = 50


# ------------------------------------------------ MessagePack, as much as is written


def unpack(data: bytes, at: int = 0):
    """The value at `at`, and where it ends."""
    tag = data[at]
    at += 1
    if tag < 0x80 or tag >= 0xE0:
        return (tag if tag < 0x80 else tag - 256), at
    if tag < 0x90:
        return pairs(data, at, tag & 0x0F)
    if tag < 0xA0:
        return items(data, at, tag & 0x0F)
    if tag < 0xC0:
        return text(data, at, tag & 0x1F)
    plain = {0xC0: None, 0xC2: False, 0xC3: True}
    if tag in plain:
        return plain[tag], at
    numbers = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
    if tag in numbers:
        form = struct.Struct(numbers[tag])
        return form.unpack_from(data, at)[0], at + form.size
    sized = {0xC4: (">B", raw), 0xC5: (">H", raw), 0xC6: (">I", raw), 0xD9: (">B", text), 0xDA: (">H", text), 0xDB: (">I", text)}
    sized |= {0xDC: (">H", items), 0xDD: (">I", items), 0xDE: (">H", pairs), 0xDF: (">I", pairs)}
    form = struct.Struct(sized[tag][0])
    return sized[tag][1](data, at + form.size, form.unpack_from(data, at)[0])


def raw(data: bytes, at: int, size: int):
    return data[at : at + size], at + size


def text(data: bytes, at: int, size: int):
    return data[at : at + size].decode(), at + size


def items(data: bytes, at: int, count: int):
    found = []
    for _ in range(count):
        value, at = unpack(data, at)
        found.append(value)
    return found, at


def pairs(data: bytes, at: int, count: int):
    found = {}
    for _ in range(count):
        key, at = unpack(data, at)
        found[key], at = unpack(data, at)
    return found, at


# ------------------------------------------------ the three records of a run


def journal_of(directory: Path, problems: list[str]):
    """(kind, body) of every record, the chain checked on the way."""
    chain, seq = b"", 0
    for path in segments_of(directory):
        data = path.read_bytes()
        if data[:8] != b"HEDGEROW" or struct.unpack_from("<H", data, 10)[0] == 1:
            continue  # prepared, never used
        if chain and data[72:104] != chain:
            problems.append(f"{path.name} does not go on where the segment before it ended")
        chain, at = hashlib.sha256(data[:256]).digest(), HEADER_BYTES
        while at + HEAD.size < len(data):
            length, crc, own, _, _, _, kind_bytes = HEAD.unpack_from(data, at)
            content, digest = data[at + 8 : at + length - 32], data[at + length - 32 : at + length]
            if length < HEAD.size + 33 or zlib.crc32(data[at + 8 : at + length]) != crc:
                if data[at:].strip(b"\0"):
                    problems.append(f"{path.name}: no record at {at}, behind {seq}")
                break
            if hashlib.sha256(chain + content).digest() != digest or own != seq + 1:
                problems.append(f"{path.name}: record {own} does not follow from {seq}")
            chain, seq, at = digest, own, at + length
            body_at = HEAD.size - 8 + kind_bytes
            yield content[HEAD.size - 8 : body_at].decode(), content[body_at:]


def segments_of(directory: Path) -> list[Path]:
    found = sorted(path for path in directory.iterdir() if re.fullmatch(r"segment-\d{8,}\.journal", path.name))
    pointer = directory / "emergency.path"
    place = Path(pointer.read_text()) if pointer.is_file() else None
    if place is not None and place.is_file() and struct.unpack_from("<H", place.read_bytes(), 10)[0] == 2:
        found.append(place)
    return found


def names_of(gateways: Path) -> dict[tuple[str, str], str]:
    """What the node called each order, by venue and the venue's own reference."""
    names = {}
    for path in sorted(gateways.glob("*/*.orders")):
        data, at = path.read_bytes(), 0
        while at + STORE_HEAD.size <= len(data):
            size, crc = STORE_HEAD.unpack_from(data, at)
            body = data[at + STORE_HEAD.size : at + STORE_HEAD.size + size]
            if len(body) < size or zlib.crc32(body) != crc:
                break
            record = unpack(body)[0]
            if record[0] == "order":
                names[path.parent.name, record[5]["venue_ref"]] = record[3]
            at += STORE_HEAD.size + size
    return names


class Venues:
    """What the exchange wrote down before it told anybody."""

    def __init__(self, path: Path) -> None:
        self.orders: dict[tuple[str, str], dict] = {}
        self.trades: dict[tuple[str, str, str], dict] = {}
        self.positions: Counter[str] = Counter()
        for line in path.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            if told["t"] == "order":
                self.orders[told["venue"], told["order_id"]] = told
            elif told["t"] == "trade" and not told["house"]:
                self.trades[told["venue"], told["trading_day"], told["trade_id"]] = told
            elif told["t"] == "position":
                self.positions[f"{told['venue']}/{told['symbol']}"] = told["long_qty"] - told["short_qty"]


class Ours:
    """What the journal says: intents by id, trades by what they are known by."""

    def __init__(self, directory: Path, problems: list[str]) -> None:
        self.intents: set[str] = set()
        self.trades: dict[tuple[str, str, str], tuple] = {}
        self.known = 0
        self.retries: Counter[str] = Counter()
        self.numbers: dict[tuple[str, int], set[int]] = defaultdict(set)
        for kind, body in journal_of(directory, problems):
            if kind == "decision":
                self._decision(unpack(body)[0])
            elif kind == "report":
                self._report(unpack(body)[0], problems)
            elif kind == "known":
                self._known(unpack(body)[0], problems)

    def _decision(self, told: dict) -> None:
        for _, frame in told.get("commands", ()):
            order = unpack(frame)[0]
            if order[0] == "D":
                self.intents.add(order[1])
        self.retries[told["hedge"]] += sum(fact[0] == "HedgeRetried" for fact in told["facts"])

    def _report(self, told: dict, problems: list[str]) -> None:
        frame = unpack(told["frame"])[0]
        if frame[0] in ("8", "9"):
            self.numbers[told["venue"], told.get("epoch", 0)].add(frame[1])
        if frame[0] != "8" or frame[5] not in ("F", "G", "H"):
            return
        key = (told["venue"], frame[19], frame[4])
        row = (frame[5], frame[7], frame[8], frame[9], frame[10])
        if self.trades.setdefault(key, row) != row:
            problems.append(f"trade {key} was told as {self.trades[key]} and as {row}")


    def _known(self, told: dict, problems: list[str]) -> None:
        """Numbers under which nothing was told that is not on record: the day, told again."""
        seqs = [seq for first, last in told["runs"] for seq in range(first, last + 1)]
        if len(seqs) != told["count"]:
            problems.append(f"{told['venue']}: {told['count']} reports were passed over, {len(seqs)} numbers are noted")
        self.known += len(seqs)
        self.numbers[told["venue"], told["epoch"]].update(seqs)

    @property
    def missing(self) -> int:
        """Numbers between two on record that are not: what a gateway did not send again."""
        return sum(max(found) - min(found) + 1 - len(found) for found in self.numbers.values())


def compared(run: Path, lots: dict[str, int], most_orders: int, orders_a_retry: int) -> tuple[dict, list[str]]:
    """Figures, and what is wrong in words."""
    problems: list[str] = []
    venues, ours = Venues(run / "truth.jsonl"), Ours(run / "node" / "journal", problems)
    names = names_of(run / "node" / "gateways")
    under: dict[str, list[str]] = defaultdict(list)
    by_hedge: Counter[str] = Counter()
    for (venue, order_id), order in venues.orders.items():
        name = names.get((venue, order["client_ref"]), "")
        if name not in ours.intents:
            problems.append(f"{venue} {order_id}: an order without an intent on record ({name or 'no name'})")
        under[name].append(f"{venue} {order_id}")
        by_hedge[name.rpartition(".")[0]] += 1
        if order["status"] in WORKING:
            problems.append(f"{venue} {order_id}: it works")
    problems += [f"{name} was {len(found)} orders: {', '.join(found)}" for name, found in under.items() if len(found) > 1]
    most = {hedge: most_orders + ours.retries[hedge] * orders_a_retry for hedge in by_hedge}
    problems += [f"{hedge}: {count} orders of {most[hedge]}" for hedge, count in by_hedge.items() if count > most[hedge]]
    for key, trade in venues.trades.items():
        told = ours.trades.get(key)
        row = (trade.get("exec_type", "F"), trade["symbol"], trade["side"], trade["qty"], trade["px"])
        if told is None:
            problems.append(f"trade {key}: the venue has it, no report on record tells it")
        elif told != row:
            problems.append(f"trade {key}: {row} at the venue, {told} on record")
    problems += [f"trade {key}: on record, and the venue has none such" for key in ours.trades if key not in venues.trades]
    units = {place: venues.positions[place] / lot for place, lot in lots.items()}
    if len({round(each, 9) for each in units.values()}) > 1:
        problems.append(f"naked: the venues hold {dict(venues.positions)}, in units {units}")
    figures = {"orders": len(venues.orders), "intents": len(ours.intents), "trades": len(venues.trades), "units": units}
    return {**figures, "known": ours.known, "numbers_missing": ours.missing}, problems


def lot_of(words: str) -> tuple[str, int]:
    place, _, lots = words.rpartition("=")
    if not place or not re.fullmatch(r"-?[1-9]\d*", lots):
        raise argparse.ArgumentTypeError("give VENUE/SYMBOL=LOTS, signed as when the pair is bought")
    return place, int(lots)


def main(argv: list[str] | None = None) -> int:
    """The command line; its exit code."""
    parser = argparse.ArgumentParser(description="Compare a run's journal with the venues' truth.")
    parser.add_argument("run", type=Path)
    parser.add_argument("--lots", type=lot_of, action="append", default=[], help="VENUE/SYMBOL=LOTS of a pair unit")
    parser.add_argument("--most-orders", type=int, default=10**9, help="of one hedge")
    parser.add_argument("--orders-a-retry", type=int, default=0, help="more for each time that it was tried again")
    given = parser.parse_args(argv)
    if not (given.run / "truth.jsonl").is_file() or not (given.run / "node" / "journal").is_dir():
        print(f"{given.run}: no truth.jsonl and node/journal there: give the folder of a run", file=sys.stderr)
        return USAGE
    figures, problems = compared(given.run, dict(given.lots), given.most_orders, given.orders_a_retry)
    print(json.dumps({"ok": not problems, **figures, "problems": problems[:MOST_SHOWN], "wrong": len(problems)}))
    return DIFFERENT if problems else FINE


if __name__ == "__main__":
    sys.exit(main())
