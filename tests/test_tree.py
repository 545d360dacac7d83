"""Our packages have plain names: they must come from this tree and no other."""

import importlib.machinery
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import tree

ROOT = Path(__file__).resolve().parent.parent


def test_tree_lists_every_package_folder():
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders <= set(tree.PACKAGES)


def test_tree_loads_each_package_from_here():
    tree.check_tree()
    there = [name for name in tree.PACKAGES if (ROOT / name).is_dir()]
    assert all(tree.origin_of(name) == ROOT / name for name in there)


def test_tree_refuses_a_package_from_elsewhere(tmp_path, monkeypatch):
    spec = importlib.machinery.ModuleSpec("wire", None, origin=str(tmp_path / "wire" / "__init__.py"))
    spec.has_location = True
    monkeypatch.setattr(tree, "find_spec", lambda name: spec)
    monkeypatch.delitem(sys.modules, "wire", raising=False)
    with pytest.raises(tree.ForeignPackage, match="hedgerow"):
        tree.check_tree(packages=("wire",))


@pytest.mark.slow
@pytest.mark.parametrize("by_link", [False, True])
def test_launcher_runs_this_tree_from_anywhere(tmp_path, by_link):
    decoy = tmp_path / "tools"
    decoy.mkdir()
    (decoy / "__init__.py").write_text("raise SystemExit(77)\n")
    launcher = ROOT / "hedgerow"
    if by_link:
        link = tmp_path / "hr"
        link.symlink_to(os.path.relpath(launcher, tmp_path))
        launcher = link
    env = {**os.environ, "HEDGEROW_PYTHON": sys.executable, "PYTHONPATH": str(tmp_path)}
    run = subprocess.run([launcher, "config", "--help"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "check" in run.stdout


@pytest.mark.slow
def test_launcher_without_environment_says_what_to_do(tmp_path):
    copy = tmp_path / "hedgerow"
    copy.write_text((ROOT / "hedgerow").read_text())
    copy.chmod(0o755)
    env = {key: value for key, value in os.environ.items() if key != "HEDGEROW_PYTHON"}
    run = subprocess.run([copy, "status"], env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "make -C" in run.stderr
    assert "setup" in run.stderr
