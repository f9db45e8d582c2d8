"""The wheel works alone: without the repository, in any folder, with the lowest versions that it allows and the newest."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.project.test_docs import ROOT
from tests.support import wheel as alone


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, tmp_path_factory.mktemp("dist"))


def built(source: Path, folder: Path) -> Path:
    command: list[str | Path] = [sys.executable, "-m", "flit_core.wheel", "--outdir", folder, source]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (path,) = folder.glob("*.whl")
    return path


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_has_the_project_s_own_workflows_and_its_types(wheel: Path) -> None:
    held = contents(wheel)
    for name in ("review", "sync", "drift", "backfill"):
        own = (ROOT / ".github" / "workflows" / f"{name}.yml").read_bytes()
        assert held[f"syncjob/commands/init/templates/{name}.yml"] == own
    assert {"syncjob/py.typed", "syncjob/commands/init/templates/config.yaml"} <= held.keys()
    assert not any(name.endswith("release.json") for name in held)  # a release writes it


def test_each_package_that_is_needed_has_a_lowest_version(wheel: Path) -> None:
    versions = alone.lowest(wheel)
    assert {version.partition("==")[0] for version in versions} > {"click", "httpx", "pyyaml", "tenacity"}
    assert "pyyaml==6.0.3" in versions
    assert not any(version.startswith("pillow") for version in versions)


@pytest.mark.deep
def test_the_source_archive_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    script = "from flit_core.buildapi import build_sdist; build_sdist('%s')"
    subprocess.run([sys.executable, "-c", script % tmp_path], cwd=ROOT, check=True, capture_output=True, timeout=300)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    assert contents(built(tmp_path / archive.name.removesuffix(".tar.gz"), tmp_path)) == contents(wheel)


@pytest.mark.deep
@pytest.mark.parametrize("which", ["lowest", "newest"])
def test_the_wheel_alone_goes_from_an_empty_folder_to_a_synced_description(wheel: Path, which: str) -> None:
    try:
        alone.main(wheel, which)
    except alone.NoIndex as error:
        pytest.skip(f"NOT TESTED: pip finds no packages here ({error})")
