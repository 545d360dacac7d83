"""A change of a node of shards: by all that it touches as one, or by none.

Each shard is told its own part. All judge theirs before any does it; they do
it one after the other, and where one refuses those before it go back. The
root's record says who, why, and what became of it in which shard. Where a
shard neither answers nor can be asked, that is said as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from config import changes
from config.changes import Proposal, differences, encoded, merged, proposed, start_needed
from config.schema import Config, Venue
from config.shards import for_shard, joined, placed_in
from tools.asking import Asked
from tools.client import Client
from tools.errors import NotConnected, Refused, ToolError
from tools.root_changes import Ended
from wire.inspection import MAX_CHANGE_BYTES

VERB = "config_apply"
LISTS = ("added", "changed", "removed", "notes")


class Part(NamedTuple):
    """What one shard runs, and its digest; `config` as the root has it where it is away."""

    config: Config
    digest: str
    away: str = ""


class Step(NamedTuple):
    """One shard's part of a change."""

    shard: str
    before: Config
    told: Proposal


# ------------------------------------------------ what runs


def parts_of(client: Any) -> tuple[Config, dict[str, Part]]:
    """All that runs as one configuration, each pair's shard named; and each shard's part.

    Raises: NotConnected where the root does not run.
    """
    root = client.of_root()
    whole = read_tables(root)
    parts: dict[str, Part] = {}
    for name in client.dirs:
        try:
            shard = client.asked(name)
            parts[name] = Part(read_tables(shard), shard.ask("config")["sha256"])
        except NotConnected as error:
            parts[name] = Part(for_shard(whole, name), "", str(error))
    return joined(whole, {name: part.config for name, part in parts.items()}), parts


def read_tables(client: Any) -> Config:
    """A configuration, from tables as a node tells them."""
    rows = {row["table"]: row["settings"] for row in client.rows("config", "table")}
    told: dict[str, Any] = {name: rows[name] for name in ("node", "defaults", "shards") if name in rows}
    for name in ("venue", "instrument", "fx", "shard", "pair"):
        told[name] = [settings for table, settings in rows.items() if table.startswith(f"{name}[")]
    return msgspec.convert(told, Config, strict=True)


# ------------------------------------------------ each shard's part


def steps_of(before: Config, after: Config, parts: Mapping[str, Part], files: Sequence[tuple[str, str]]) -> list[Step]:
    """What each shard is told; those to which nothing changes are left out.

    Raises: ConfigError where it may not be placed so; Refused where it needs a start.
    """
    for problem in changes.placement_problems(after):
        raise problem
    was, now = placed_in(before), placed_in(after)
    moved = [f"{name} runs in {was[name]}, is placed in {shard}" for name, shard in now.items() if was.get(name, shard) != shard]
    if moved:
        raise Refused(f"a pair moves to another shard by a start, and holds nothing then: {'; '.join(moved[:6])}: ./hedgerow stop, then ./hedgerow run with the files")
    found = []
    for name, part in parts.items():
        own = for_shard(after, name)
        own = replace(own, venue=tuple(_venues(part.config, own)), shard=part.config.shard)
        late = [each.key for each in start_needed(differences(part.config, own)) if not _stays(each)]
        if late:
            raise Refused(f"shard {name} has no link for that, so nothing is changed: {', '.join(late[:6])}: ./hedgerow stop, then ./hedgerow run with the files")
        told = proposed(part.config, own, part.digest, files)
        if told.is_empty:
            continue
        if part.away:
            raise NotConnected(f"shard {name} is away, so nothing is changed: {part.away}")
        if len(encoded(told)) > MAX_CHANGE_BYTES - 4096:
            raise Refused(f"shard {name}: a change of {len(encoded(told))} bytes, at most {MAX_CHANGE_BYTES - 4096}: change some pairs at a time")
        found.append(Step(name, part.config, told))
    return sorted(found, key=lambda step: not step.told.gone)  # what goes makes room for what comes


def _stays(change: Any) -> bool:
    return change.key.startswith(("instrument[", "fx[")) and change.after is None and change.before == "there"


def _venues(part: Config, own: Config) -> Iterator[Venue]:
    """A link that a shard has stays until its next start, also where no pair needs it any more."""
    wanted = {venue.name: venue for venue in own.venue}
    for venue in part.venue:
        told = wanted.pop(venue.name, venue)
        yield replace(told, trade=venue.trade) if told.trade is None else told
    yield from wanted.values()


# ------------------------------------------------ done


def change_parts(asked: Asked, client: Any, label: str, steps: Sequence[Step]) -> dict[str, Any] | None:
    """Judged by all, agreed, recorded, done; what became of it, None where it was not wanted.

    Raises: Refused, NotConnected: nothing is changed then, or all went back.
    """
    signed = asked.signed()
    _judged(asked, client, label, steps, signed)
    if asked.dry_run or not asked.agreed():
        return None
    root = client.of_root()
    begun = root.ask("change_begin", label=label, shards=" ".join(step.shard for step in steps), **signed)["seq"]
    answers: dict[str, dict[str, Any]] = {}
    ended, wrong = Ended(), None
    for step in steps:
        try:
            answers[step.shard] = client.asked(step.shard).ask(VERB, encoded(step.told), label=label, **signed)
        except NotConnected as error:
            ended, wrong = replace(ended, unknown=(step.shard,)), error
            break
        except ToolError as error:
            ended, wrong = replace(ended, refused={step.shard: str(error)}), error
            break
    done = [step for step in steps if step.shard in answers]
    if wrong is not None:
        ended = _taken_back(client, label, done, answers, signed, ended)
    else:
        ended = replace(ended, done={name: told["seq"] for name, told in answers.items()}, places=_places(steps, answers))
    _recorded(asked, root, label, begun, signed, ended)
    if wrong is not None:
        raise _why(ended, wrong)
    rows = {key: [each for told in answers.values() for each in told[key]] for key in LISTS}
    return {"seq": {"root": begun, **ended.done}, **rows, "shards": {name: told["sha256"] for name, told in answers.items()}}


def _judged(asked: Asked, client: Any, label: str, steps: Sequence[Step], signed: Mapping[str, str]) -> None:
    """Each shard's own word on its part, before any of them does it."""
    wrong = []
    for step in steps:
        try:
            does = client.asked(step.shard).ask(VERB, encoded(step.told), label=label, dry_run=True, **signed)["does"]
        except ToolError as error:
            wrong.append(f"shard {step.shard}: {error}")
        else:
            for line in does if asked.dry_run or not asked.yes else ():
                asked.out.say(f"{step.shard}: {line}")
    if wrong:
        raise Refused(f"nothing is changed: {'; '.join(wrong)}")


def _taken_back(
    client: Any, label: str, done: Sequence[Step], answers: Mapping[str, Mapping[str, Any]], signed: Mapping[str, str], ended: Ended
) -> Ended:
    """Those that have done it go back; who can't is named, with why."""
    undone, stays = [], {}
    for step in reversed(done):
        back = proposed(merged(step.before, step.told), step.before, answers[step.shard]["sha256"])
        try:
            client.asked(step.shard).ask(VERB, encoded(back), label=label, **{**signed, "reason": f"taken back: {signed['reason']}"[:512]})
            undone.append(step.shard)
        except ToolError as error:
            stays[step.shard] = str(error)
    return replace(ended, undone=tuple(undone), stays=stays, done={name: answers[name]["seq"] for name in stays})


def _places(steps: Sequence[Step], answers: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Where pairs are that were added; "" for those that went."""
    found = {name: "" for step in steps for name in step.told.gone}
    return found | {name: step.shard for step in steps for name in answers[step.shard]["added"]}


def _recorded(asked: Asked, root: Client, label: str, begun: int, signed: Mapping[str, str], ended: Ended) -> None:
    try:
        root.ask("change_end", msgspec.json.encode(ended), label=label, seq=begun, **signed)
    except ToolError as error:
        asked.out.say(f"hedgerow: the root has not recorded how it ended: {error}")


def _why(ended: Ended, wrong: ToolError) -> ToolError:
    """What is so now, in one sentence."""
    who = "; ".join(f"shard {name} refused: {why}" for name, why in ended.refused.items())
    who = who or f"shard {' '.join(ended.unknown)} did not answer, whether it has done it is not known ({wrong}): ./hedgerow config diff"
    if ended.stays:
        kept = "; ".join(f"shard {name} has done it and does not go back: {why}" for name, why in ended.stays.items())
        return Refused(f"done in part: {who}; {kept}: ./hedgerow config diff")
    return (NotConnected if ended.unknown else Refused)(f"undone as a whole: {who}")
