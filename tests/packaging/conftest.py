"""npm's packages, built once, and projects that have them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from build import build
from project import Project, manifest


@pytest.fixture(scope="session")
def tarballs() -> dict[str, Path]:
    """Every package by its name."""
    return {manifest(path)["name"]: path for path in build("npm").glob("*.tgz")}


@pytest.fixture(scope="session")
def project(tarballs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("project")).install(*tarballs.values())


@pytest.fixture
def spoilt(project: Project, tmp_path: Path) -> Project:
    """One whose packages may be changed."""
    shutil.copytree(project.folder, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")
