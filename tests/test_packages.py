"""What tests leave out is named; in the project's own check nothing is left out."""
import pytest

from tests import packages


@pytest.fixture
def nothing_to_fetch_with(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setattr(packages, "CACHE", tmp_path)


def test_what_cannot_be_had_is_left_out_by_name(nothing_to_fetch_with, monkeypatch, tmp_path):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="some-server, its-modules"):
        packages.have("usr/sbin/some-server", "some-server", "its-modules")
    (tmp_path / "wanted.txt").write_text(f"some-program==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(pytest.skip.Exception, match="some-program==1.0"):
        packages.program("some-program", tmp_path / "wanted.txt")


def test_in_the_projects_own_check_it_is_a_failure(nothing_to_fetch_with, monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="some-server"):
        packages.have("usr/sbin/some-server", "some-server")
