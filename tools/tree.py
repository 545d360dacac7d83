"""That each of our packages comes from this tree, and no other.

The names of our folders are plain words; a package of the same name in
site-packages or on PYTHONPATH must never be run in their place.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from domain.errors import HedgerowError

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "actors",
    "benchmarks",
    "config",
    "domain",
    "exchange",
    "gateways",
    "journal",
    "simulation",
    "supervisors",
    "system",
    "tools",
    "wire",
)


class ForeignPackage(HedgerowError):
    """A package of ours would be loaded from somebody else's folder."""


def origin_of(name: str) -> Path | None:
    """The folder from which `import name` would load, None if none."""
    module = sys.modules.get(name)
    spec = module.__spec__ if module is not None else find_spec(name)
    if spec is None:
        return None
    if spec.origin is not None and spec.has_location:
        return Path(spec.origin).resolve().parent
    places = list(spec.submodule_search_locations or [])
    return Path(places[0]).resolve() if places else None


def check_tree(root: Path = ROOT, packages: tuple[str, ...] = PACKAGES) -> None:
    """Raise ForeignPackage unless each package comes from `root`."""
    for name in packages:
        place = origin_of(name)
        if place != root / name and not (place is None and not (root / name).is_dir()):
            where = place if place is not None else "nowhere"
            raise ForeignPackage(f"package {name!r} comes from {where}, not from {root}: start it as {root}/hedgerow")
