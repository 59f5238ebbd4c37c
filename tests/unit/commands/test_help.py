"""Every subcommand says in its help how it ends, and shows a call; where it asks a host, it takes a URI."""

import shlex

import pytest

from virtnet import cli
from virtnet.commands.review.comment import SHORTEST

COMMANDS = ("sandbox", "import", "list", "guests", "leases", "doctor", "map", "review", "completion")
OF_A_HOST = ("import", "list", "guests", "leases", "doctor", "map")
AS_JSON = ("import", "list", "guests", "leases", "doctor", "map", "review")


def help_of(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_all_of_them_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])

    shown = capsys.readouterr().out
    names = [line.split()[0] for line in shown.splitlines() if line.startswith("    ") and line[4] != " "]
    assert names == [*COMMANDS]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_commands_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = help_of(command, capsys)

    example = shown.partition("Example: ")[2].splitlines()[0]
    assert "Exit codes: " in shown
    assert f"virtnet {command} " in f"{example} "
    assert ("--uri" in shown) == (command in OF_A_HOST)
    assert ("print JSON" in shown) == (command in AS_JSON)


@pytest.mark.parametrize("limit", ["-1", "1", str(SHORTEST - 1), "many"])
def test_a_limit_that_no_comment_keeps_is_refused(limit: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["review", "--limit", limit, "/dev/null"])

    assert ended.value.code == 2
    assert "--limit" in capsys.readouterr().err


def test_a_file_that_is_no_preview_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["review", "/dev/null"])

    printed = capsys.readouterr()
    assert (code, printed.out) == (1, "")
    assert printed.err.startswith("virtnet: pulumi preview --json printed nothing")


def test_a_file_that_is_not_there_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["review", "/nowhere/preview.json"]) == 1
    assert capsys.readouterr().err == "virtnet: /nowhere/preview.json can't be read: No such file or directory\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_is_as_wide_as_the_terminal(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "70")

    prose, _, example = help_of(command, capsys).partition("Example: ")

    assert max(len(line) for line in prose.splitlines() if not line.startswith("    ")) <= 70
    assert len(example.splitlines()) == 1


def test_virtnet_alone_shows_what_there_is_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main([])

    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    assert all(command in printed.err for command in COMMANDS)


def test_examples_are_commands_that_virtnet_takes() -> None:
    parser = cli.build_parser()

    for command in cli.COMMANDS:
        called = command.example.removeprefix('eval "$(').removesuffix(')"' if "eval" in command.example else "")
        words = shlex.split(called.partition(" > ")[0])[2:]
        ours = words[: words.index("--")] if "--" in words else words
        assert parser.parse_args([command.name, *ours]).run is command.run
