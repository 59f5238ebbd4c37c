"""Every subcommand says in its help how it ends, and shows a call; where it asks a host, it takes a URI."""

import pytest

from virtnet import cli
from virtnet.commands.review.comment import SHORTEST

COMMANDS = ("sandbox", "import", "list", "guests", "leases", "doctor", "review")
OF_A_HOST = ("import", "list", "guests", "leases", "doctor")
AS_JSON = ("import", "list", "guests", "leases", "doctor", "review")


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
    assert example.split()[:2] == ["virtnet", command]
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
