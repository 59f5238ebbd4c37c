"""`virtnet map` from its arguments to what it prints."""

import io
import json
import sys
from pathlib import Path

import pytest

from virtnet import cli
from virtnet.commands.map.model import Map
from virtnet.commands.map.run import Format, draw, format_of
from virtnet.errors import Refused

STATE = Path(__file__).parents[3] / "acceptance" / "data" / "states" / "0.1.0+port-forward.native.json"


@pytest.fixture
def state(tmp_path: Path) -> str:
    path = tmp_path / "state.json"
    path.write_text(json.dumps(json.loads(STATE.read_text())["stack"]))
    return str(path)


SUFFIXES = {
    "map.svg": Format.SVG,
    "map.html": Format.HTML,
    "MAP.HTM": Format.HTML,
    "map.mmd": Format.MERMAID,
    "map.mermaid": Format.MERMAID,
    "map.json": Format.JSON,
    "map": Format.SVG,
    None: Format.SVG,
}


@pytest.mark.parametrize(("path", "expected"), SUFFIXES.items())
def test_a_files_name_tells_its_format(path: str | None, expected: Format) -> None:
    assert format_of(path) is expected


BEGINNINGS = {"svg": "<svg ", "html": "<!doctype html>", "mermaid": "flowchart LR\n", "json": "{\n"}


@pytest.mark.parametrize(("name", "begins"), BEGINNINGS.items())
def test_each_format_is_printed(name: str, begins: str, state: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["map", "--state", state, "--format", name])

    printed = capsys.readouterr()
    assert (code, printed.err) == (0, "")
    assert printed.out.startswith(begins)
    assert "lab" in printed.out


def test_a_file_is_written_in_the_format_of_its_name(
    state: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.main(["map", "--state", state, "--output", str(tmp_path / "map.html")])

    assert (code, *capsys.readouterr()) == (0, "", "")
    assert (tmp_path / "map.html").read_text().startswith("<!doctype html>")


def test_json_may_be_asked_for_as_of_every_command(state: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["map", "--state", state, "--json"]) == 0

    assert json.loads(capsys.readouterr().out)["stack"] == "project/test"


def test_a_state_may_come_from_standard_input(
    state: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path(state).read_bytes())))

    assert cli.main(["map", "--state", "-", "--format", "mermaid"]) == 0
    assert "lab" in capsys.readouterr().out


def test_without_the_layout_of_pictures_no_host_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "quickjs", None)
    looks = []

    def look() -> Map:
        looks.append(1)
        return Map(hosts=())

    for wanted in (Format.SVG, Format.HTML):
        with pytest.raises(Refused, match=r"pip install 'pulumi-virtnet\[map\]'"):
            draw(look, wanted)
    assert looks == []
    assert draw(look, Format.MERMAID).text.startswith("flowchart")


WRONG = {
    "two formats": ["--json", "--format", "svg"],
    "a host and a state": ["--uri", "qemu:///system", "--state", "x"],
    "no format": ["--format", "png"],
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_arguments_that_contradict_each_other_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["map", *arguments])

    assert ended.value.code == 2


def test_a_file_that_is_no_state_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.json").write_text("{}")

    assert cli.main(["map", "--state", str(tmp_path / "x.json")]) == 1
    assert capsys.readouterr().err.startswith("virtnet: this is not what pulumi stack export prints (version: ")


def test_a_file_that_can_t_be_written_is_told_in_a_sentence(state: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["map", "--state", state, "--output", "/nowhere/map.json"]) == 1
    assert capsys.readouterr().err == "virtnet: /nowhere/map.json can't be written: No such file or directory\n"
