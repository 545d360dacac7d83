"""How a plant gets into a process: its module is compiled as patched.

To be installed before the module is imported; nothing is written anywhere.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType
from typing import Any

from simulation.plants import ROOT, Plant


class _Loader(SourceFileLoader):
    """Compiles the patched text; bytecode on the disk is not looked at."""

    def __init__(self, plant: Plant) -> None:
        super().__init__(plant.module, str(ROOT / plant.file))
        self.plant = plant

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 (the loader's signature)
        text = (ROOT / self.plant.file).read_text(encoding="utf-8")
        return self.source_to_code(self.plant.patched(text).encode(), self.path)


class _Finder(MetaPathFinder):
    """Finds the one module that is patched."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002
        if fullname != self.plant.module:
            return None
        return spec_from_file_location(fullname, ROOT / self.plant.file, loader=_Loader(self.plant))


def install(plant: Plant) -> None:
    """From now on this process has the bug.

    Raises: ValueError where the module was imported before, or where the
    plant's text is not in its file.
    """
    if plant.module in sys.modules:
        raise ValueError(f"plant {plant.name}: {plant.module} is imported already")
    plant.patched((ROOT / plant.file).read_text(encoding="utf-8"))
    sys.meta_path.insert(0, _Finder(plant))
