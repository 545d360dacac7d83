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

    def __init__(self, plant: Plant, module: str, file: str) -> None:
        super().__init__(module, str(ROOT / file))
        self.text = plant.patched(file)

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 (the loader's signature)
        return self.source_to_code(self.text.encode(), self.path)


class _Finder(MetaPathFinder):
    """Finds the modules that are patched."""

    def __init__(self, plant: Plant) -> None:
        self.loaders = {module: _Loader(plant, module, file) for module, file in plant.files().items()}

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002
        loader = self.loaders.get(fullname)
        return None if loader is None else spec_from_file_location(fullname, loader.path, loader=loader)


def install(plant: Plant) -> None:
    """From now on this process has the bug.

    Raises: ValueError where a module was imported before, or where the
    plant's text is not in its file.
    """
    there = [module for module in plant.files() if module in sys.modules]
    if there:
        raise ValueError(f"plant {plant.name}: {there[0]} is imported already")
    sys.meta_path.insert(0, _Finder(plant))
