"""What docs/how-to.md shows and no other test covers: saved plans, renames, killed updates, and the workflow file."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # Pulumi's own dependency, which brings no types
from tests.acceptance.stack import Stack
from tests.hosts.sandboxed import REPOSITORY, Host

pytestmark = pytest.mark.acceptance

LAB: dict[str, Any] = {"forward": {"mode": "nat"}}
INDEX = "cat /sys/class/net/vn-lab/ifindex"
RESTART_BY_HAND = """\
virsh net-dumpxml lab --inactive | sed "s/<forward mode='nat'/<forward mode='route'/" > lab.xml
virsh net-define lab.xml; virsh net-destroy lab; virsh net-start lab
"""
#: Stands for GitHub's or GitLab's program: notes how it was called, and prints the earlier comments of a file.
GH = """\
#!/bin/bash
printf '%s\\n' "$*" >> called
case $* in *--paginate*) cat earlier ;; esac
"""


def add_program(stack: Stack, name: str, text: str) -> None:
    """A program that a stack's scripts find before any other."""
    programs = stack.directory / "programs"
    programs.mkdir()
    (programs / name).write_text(text)
    (programs / name).chmod(0o755)


def run_script(stack: Stack, script: str, environment: dict[str, str]) -> None:
    """Run a job's script as a runner does, in the stack's directory."""
    # The programs directory first: `env` in the sandbox has the test's own PATH.
    stack.host.run(
        *("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"),
        f'PATH="{stack.directory}/programs:$PATH"\n{script}',
        directory=stack.directory,
        environment={**stack.environment, **environment},
    )


def lab(*reservations: str) -> dict[str, Any]:
    """The network's inputs, with a reservation of each address."""
    hosts = [{"mac": f"52:54:00:00:00:{ip.rpartition('.')[2]}", "ip": ip} for ip in reservations]
    return {**LAB, "ips": [{"address": "10.91.0.1/24", "dhcp": {"hosts": hosts}}]}


def save_plan(stack: Stack) -> str:
    done = stack.pulumi("preview", "--save-plan", "plan.json")
    return done.stdout + done.stderr


def up_by_plan(stack: Stack, *, check: bool = True) -> str:
    done = stack.pulumi("up", "--yes", "--skip-preview", "--plan", "plan.json", check=check)
    assert check or done.returncode != 0
    return done.stdout + done.stderr


def test_a_saved_plan_holds_the_program_and_the_state_and_virtnet_the_class(host: Host, stack: Stack) -> None:
    stack.network("lab", **lab("10.91.0.10"))
    stack.up()
    stack.network("lab", **lab("10.91.0.10", "10.91.0.11"))
    saved = save_plan(stack)

    stack.network("lab", **lab("10.91.0.10", "10.91.0.12"))
    other_program = up_by_plan(stack, check=False)
    after_refusal = host.virsh("net-dumpxml", "lab")
    host.sh("virsh net-update lab delete ip-dhcp-host \"<host mac='52:54:00:00:00:10'/>\" --live --config")
    host.sh(RESTART_BY_HAND)
    index = host.sh(INDEX)
    stack.network("lab", **lab("10.91.0.10", "10.91.0.11"))
    applied = up_by_plan(stack)
    live, same_bridge = host.virsh("net-dumpxml", "lab"), host.sh(INDEX) == index

    assert "is added (mac 52:54:00:00:00:11, ip 10.91.0.11) [live]" in saved
    assert "violates plan: properties changed: ~~ips" in other_program
    assert "10.91.0.10" in after_refusal
    assert "10.91.0.11" not in after_refusal
    assert "10.91.0.12" not in after_refusal
    assert "note: forward.mode has drifted, and fixing it needs more than the preview showed" in applied
    assert "10.91.0.10" in live  # mended too: that is live as well
    assert "10.91.0.11" in live
    assert "<forward mode='route'/>" in live
    assert same_bridge


def test_a_refresh_that_finds_something_makes_a_saved_plan_void(host: Host, stack: Stack) -> None:
    stack.network("lab", **lab("10.91.0.10"))
    stack.up()
    stack.network("lab", **lab("10.91.0.10", "10.91.0.11"))
    save_plan(stack)
    host.sh(RESTART_BY_HAND)

    stack.refresh()
    refused = up_by_plan(stack, check=False)

    assert "violates plan: properties changed: =~forward" in refused
    assert "10.91.0.11" not in host.virsh("net-dumpxml", "lab")


def test_an_alias_keeps_the_network(host: Host, stack: Stack) -> None:
    stack.network("lab", **lab("10.91.0.10"))
    stack.up()
    before, index = host.virsh("net-dumpxml", "lab"), host.sh(INDEX)
    program = stack.directory / "__main__.py"
    text = program.read_text()
    aliased = text.replace(
        "ResourceOptions(depends_on", "ResourceOptions(aliases=[pulumi.Alias(name='lab')], depends_on"
    )
    assert aliased != text
    program.write_text(aliased)
    stack.network("office", **lab("10.91.0.10"))

    preview = stack.preview()
    stack.up()
    after = host.virsh("net-dumpxml", "lab"), host.sh(INDEX)
    marked = host.virsh("net-dumpxml", "lab", "--inactive")
    unchanged = stack.unchanged()
    destroyed = stack.destroy()

    assert "the owner mark on the host must name urn:pulumi:" in preview
    assert "[recorded]" in preview
    assert after == (before, index)
    assert "name='project/test/office'" in marked.replace('"', "'")
    assert unchanged
    assert "LibvirtNetwork office deleted" in destroyed
    assert host.network("lab") is None


def test_an_update_that_was_killed_with_its_engine(host: Host, stack: Stack) -> None:
    stack.network("lab", **lab("10.91.0.10"))
    stack.up()
    stack.network("lab", **lab("10.91.0.10"), mtu=1400)
    with host.guest("box", "vn-lab"):
        command = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"]
        settings = [f"{name}={value}" for name, value in stack.environment.items()]
        running = subprocess.Popen(
            host.command("env", *settings, *command, directory=stack.directory),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        host.sh("for i in $(seq 2000); do [ -e /sys/class/net/vn-hd-* ] && exit 0; sleep 0.005; done; exit 1")
        host.sh("pkill -KILL -x pulumi; pkill -KILL -f 'python.* -m pulumi[.]dynamic'")  # this sandbox's own
        running.wait(timeout=20)

        locked = stack.up(check=False)
        stack.pulumi("cancel", "--yes")
        stack.refresh()
        shown = stack.preview()
        stack.up()

        assert "the stack is currently locked" in locked
        assert "an interrupted restart left" in shown
        assert "interface box" in shown
        assert host.sh("ls /sys/class/net/vn-lab/brif") == "box\n"
        assert "<mtu size='1400'/>" in host.virsh("net-dumpxml", "lab")
        assert "holding" not in host.virsh("net-list", "--all", "--name")


def test_another_spelling_of_the_uri_and_the_preview_of_a_destroy_touch_nothing(host: Host, stack: Stack) -> None:
    stack.network("lab", **lab("10.91.0.10"))
    stack.up()
    index = host.sh(INDEX)
    stack.pulumi("config", "set", "virtnet:uri", "qemu+unix:///system")

    shown = stack.preview()
    stack.up()
    with host.guest("box", "vn-lab"):
        preview = stack.pulumi("destroy", "--preview-only")
        refused = stack.destroy(check=False)

    assert "uri changes (qemu:///system -> qemu+unix:///system) [recorded]" in shown
    assert "2 to delete" in preview.stdout
    assert "box" not in preview.stdout + preview.stderr  # no provider is asked
    assert "was not changed: deleting it would disconnect interface box" in refused
    assert host.sh(INDEX) == index


class Workflow:
    """The workflow file's steps, run as GitHub's runner does, in a stack's directory."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.job = yaml.safe_load((REPOSITORY / "docs/ci/preview.yml").read_text())["jobs"]["preview"]
        self.values = {
            "secrets.PULUMI_BACKEND_URL": stack.environment["PULUMI_BACKEND_URL"],
            "secrets.PULUMI_CONFIG_PASSPHRASE": stack.environment["PULUMI_CONFIG_PASSPHRASE"],
            "vars.PULUMI_STACK": "test",
            "vars.LIBVIRT_DEFAULT_URI": "qemu:///system",
            "vars.VIRTNET_AT_MOST": "recorded",
            "github.token": "secret",
            "github.event.pull_request.number": "7",
            "github.event.pull_request.head.sha": "c0ffee",
        }
        add_program(stack, "gh", GH)
        for name in ("called", "earlier", "output", "path", "requirements.txt", "summary"):
            self.file(name).touch()

    def file(self, name: str) -> Path:
        return self.stack.directory / name

    def run(self, name: str) -> None:
        step = next(step for step in self.job["steps"] if step.get("name") == name)
        given = {**self.job["env"], **step.get("env", {})}
        environment = {key: re.sub(r"\$\{\{ (.*?) \}\}", self._value, text) for key, text in given.items()}
        environment |= {
            "GITHUB_REPOSITORY": "owner/networks",
            "GITHUB_OUTPUT": str(self.file("output")),
            "GITHUB_PATH": str(self.file("path")),
            "GITHUB_STEP_SUMMARY": str(self.file("summary")),
            "PIP_NO_INDEX": "1",
        }
        run_script(self.stack, step["run"], environment)

    def _value(self, match: re.Match[str]) -> str:
        outputs = dict(line.split("=", 1) for line in self.file("output").read_text().splitlines())
        known = {**self.values, **{f"steps.review.outputs.{name}": value for name, value in outputs.items()}}
        return known[match[1]]


def test_the_workflow_posts_the_review_and_keeps_one_comment(host: Host, stack: Stack) -> None:
    stack.network("lab", **lab("10.91.0.10"))
    workflow = Workflow(stack)

    for step in ("Install", "Preview", "Review", "Comment"):
        workflow.run(step)
    first = workflow.file("called").read_text()
    comment = workflow.file("comment.md").read_text()
    stack.network("lab", **{**LAB, "ips": [{"address": "10.91.0.1/99"}]})
    workflow.file("earlier").write_text("4711\n4712\n")
    for step in ("Preview", "Review", "Comment"):
        workflow.run(step)
    second = workflow.file("called").read_text()[len(first) :]
    failed = workflow.file("comment.md").read_text()

    assert workflow.file("path").read_text() == f"{stack.directory}/.venv/bin\n"
    assert workflow.file("output").read_text() == "check=3\ncheck=4\n"
    assert workflow.file("summary").read_text() == comment + failed
    assert "api --silent --method POST repos/owner/networks/issues/7/comments --field body=@comment.md" in first
    assert "PATCH" not in first
    assert comment.startswith(
        "<!-- virtnet review -->\n## ⛔ Networks on `qemu:///system`, stack `test`, commit `c0ffee`"
    )
    assert "| 🟢 | network `lab` | `nat`, `10.91.0.0/24` | create | nobody |" in comment
    assert "**Above the limit of this check (recorded):** `lab`" in comment
    assert "--method PATCH repos/owner/networks/issues/comments/4711 --field body=@comment.md" in second
    assert "POST" not in second
    assert "⛔ **The preview failed:**" in failed
    assert "ips\\[0\\].address" in failed
    assert host.network("lab") is None
    with pytest.raises(AssertionError, match="ended with 4"):
        workflow.run("Fail where the review does")


@pytest.mark.further
def test_gitlabs_job_posts_the_review_and_keeps_one_note(host: Host, stack: Stack) -> None:
    job = yaml.safe_load((REPOSITORY / "docs/ci/preview.gitlab-ci.yml").read_text())["preview of the networks"]
    add_program(stack, "glab", GH)
    (stack.directory / "infrastructure").symlink_to(stack.directory)
    (stack.directory / "requirements.txt").touch()
    given = {"CI_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "7", "CI_COMMIT_SHA": "c0ffee", "PIP_NO_INDEX": "1"}
    stack.network("lab", **lab("10.91.0.10"))

    calls = []
    script = "\n".join(job["script"])
    # The environment of Python is there the second time, and making it costs as much as all else.
    again = script.replace("python3 -m venv .venv\n", "")
    noted = '{"id": 1, "body": "no"}\n{"id": 12, "body": "<!-- virtnet review -->\\nold"}\n'
    for earlier, run in (("", script), (noted, again)):
        (stack.directory / "earlier").write_text(earlier)
        (stack.directory / "called").write_text("")
        run_script(stack, run, {"VIRTNET_REVIEW": "1", **given})
        calls.append((stack.directory / "called").read_text().splitlines()[-1])

    assert again != script
    notes = "projects/3/merge_requests/7/notes"
    assert calls == [
        f"api --silent --method POST {notes} --field body=@comment.md",
        f"api --silent --method PUT {notes}/12 --field body=@comment.md",
    ]
    assert "commit `c0ffee`" in (stack.directory / "comment.md").read_text()
