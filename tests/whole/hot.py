"""Words to a node in this process, as the operate socket gives them."""

from msgspec.structs import replace

from config.changes import encoded, proposed
from tools.node_words import Words

SIGNED = {"operator": "ann", "reason": "a test"}




def words(world):
    """Nobody stops this node."""
    return Words(world.node, None)


def change(world, after, *, label="config apply", base=None, dry=False):
    """Ask for a configuration. Raises: Unanswerable."""
    node = world.node
    body = encoded(proposed(node.config, after, base or node.digest))
    return words(world).config_apply({**SIGNED, "label": label, "body": body, "dry_run": dry})


def pair_of(config, name):
    return next(pair for pair in config.pair if pair.name == name)


def with_pair(config, pair):
    """The configuration with one pair as it is given."""
    known = {each.name: each for each in config.pair}
    return replace(config, pair=tuple({**known, pair.name: pair}.values()))


def without(config, *names):
    return replace(config, pair=tuple(pair for pair in config.pair if pair.name not in names))


def triggered(pair, **levels):
    return replace(pair, trigger=replace(pair.trigger, **levels))


def limited(pair, **limits):
    return replace(pair, legs=tuple(replace(leg, limits=replace(leg.limits, **limits)) for leg in pair.legs))
