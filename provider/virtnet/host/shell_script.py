"""The script that carries out requests in a POSIX shell on a host, and how its answers are read. Pure.

A request becomes one call of a function of this fixed script, each word quoted, so that no value is ever part of a
script's text. Each answer is three fields: text, exit status, and what came on standard error, each followed by
a line that only this session knows.
"""

import errno
import os
import shlex
from collections.abc import Sequence
from itertools import groupby

from virtnet.host import messages
from virtnet.host.machine import DHCP_SERVER_PORT, SBIN, Answer, HostError
from virtnet.planning.clients.reads import Request

#: Error numbers by their messages, which programs print as the C library has them in the C locale.
_NUMBERS_BY_MESSAGE = {
    os.strerror(number): number
    for number in (
        errno.EACCES,
        errno.EBUSY,
        errno.EINVAL,
        errno.EISDIR,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.ENOTEMPTY,
        errno.EPERM,
        errno.EROFS,
    )
}

#: Statuses of the script's own functions. They are printed alone, and no program ends with one above 255: firewall-cmd
#: ends with 251 to 254.
NO_PROGRAM, STILL_RUNS, IN_USE, CANNOT_TRY, GONE = 1001, 1002, 1003, 1004, 1005

#: Of one call: a path may have 4096 bytes, and the kernel takes some megabytes of arguments.
MOST_FILES = 64

#: Error numbers by the status of one of the script's own functions.
_NUMBERS_BY_STATUS = {
    NO_PROGRAM: errno.ENOENT,
    STILL_RUNS: errno.ETIME,
    IN_USE: errno.EADDRINUSE,
    GONE: errno.ENOENT,
}

# As dnsmasq does: the port is free for it beside any server that shares it too. Perl is part of every Debian and
# Ubuntu, Python of every Fedora and its kin. Exit status 1 where it is taken, 2 where that could not be tried.
_PYTHON = f"""\
import errno, socket, sys
probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for option in (socket.SO_REUSEPORT, socket.SO_REUSEADDR):
    probe.setsockopt(socket.SOL_SOCKET, option, 1)
try:
    probe.bind(("0.0.0.0", {DHCP_SERVER_PORT}))
except OSError as error:
    sys.exit(1 if error.errno == errno.EADDRINUSE else 2)
"""

_PERL = f"""\
use Socket;
socket(my $probe, PF_INET, SOCK_DGRAM, 0) or exit 2;
setsockopt($probe, SOL_SOCKET, SO_REUSEADDR, 1) or exit 2;
setsockopt($probe, SOL_SOCKET, SO_REUSEPORT, 1) or exit 2;
bind($probe, sockaddr_in({DHCP_SERVER_PORT}, INADDR_ANY)) and exit 0;
exit($!{{EADDRINUSE}} ? 1 : 2);
"""

# A file at a time, whole: no text has a byte 1. Behind the delimiter come pairs: "read" and a path, or a status and
# what was said of another.
_AWK = f"""\
BEGIN {{
  RS = "\\001"; ORS = ""; end = "\\n" ARGV[1] "\\n"
  for (i = 2; i < ARGC; i += 2) {{
    status = ARGV[i]; stderr = ARGV[i + 1]
    if (status == "read") {{
      stderr = ""
      while ((status = (getline text < ARGV[i + 1])) > 0) print text
      close(ARGV[i + 1])
      if (status < 0) status = {GONE}
    }}
    print end status end stderr end
  }}
}}
"""

_FUNCTIONS = r"""
vn_answer() { # what came of a function whose text is empty
  printf '\n%s\n%s\n%s\n%s\n%s\n' "$vn_delimiter" "$1" "$vn_delimiter" "$2" "$vn_delimiter"
}
vn_run() {
  command -v "$1" >/dev/null 2>&1 || { vn_answer "$vn_no_program" ''; return; }
  { vn_stderr=$("$@" 2>&1 >&3 3>&-); vn_status=$?; } 3>&1
  vn_answer "$vn_status" "$vn_stderr"
}
vn_read() { vn_run cat -- "$1"; }
vn_read_all() { # by one program, where a cat for each would be two more processes
  command -v awk >/dev/null || { for vn_file; do vn_read "$vn_file"; done; return; }
  vn_left=$#
  while [ "$vn_left" -gt 0 ]; do
    if [ -f "$1" ] && [ -r "$1" ]; then set -- "$@" read "$1"
    elif vn_stderr=$(cat -- "$1" 2>&1 >/dev/null); then set -- "$@" read "$1"
    else set -- "$@" 1 "$vn_stderr"; fi
    shift; vn_left=$((vn_left - 1))
  done
  awk "$vn_awk" "$vn_delimiter" "$@"
}
vn_has() { command -v "$1"; vn_answer 0 ''; }
vn_list() {
  if [ -d "$1" ] && [ -r "$1" ] && [ -x "$1" ]; then vn_status=0; vn_stderr=
  else vn_stderr=$(ls -A -- "$1/" 2>&1 >/dev/null); vn_status=$?; fi
  if [ "$vn_status" = 0 ]; then
    for vn_file in "$1"/* "$1"/.[!.]* "$1"/..?*; do
      if [ -e "$vn_file" ] || [ -L "$vn_file" ]; then printf '%s/' "${vn_file##*/}"; fi
    done
  fi
  vn_answer "$vn_status" "$vn_stderr"
}
vn_dhcp_port() {
  vn_status=2
  if command -v perl >/dev/null; then perl -e "$vn_perl" >/dev/null 2>&1; vn_status=$?; fi
  if [ "$vn_status" -gt 1 ] && command -v python3 >/dev/null; then
    python3 -I -c "$vn_python" >/dev/null 2>&1; vn_status=$?
  fi
  case $vn_status in 0) ;; 1) vn_status=$vn_in_use ;; *) vn_status=$vn_cannot_try ;; esac
  vn_answer "$vn_status" ''
}
vn_write() { # into a file that is there: making one would hide that it is not
  if [ -e "$1" ]; then
    vn_stderr=$(printf '%s\n' "$2" | tee -- "$1" 2>&1 >/dev/null); vn_answer "$?" "$vn_stderr"
  else
    vn_stderr=$(cat -- "$1" 2>&1 >/dev/null); vn_answer 1 "$vn_stderr"
  fi
}
vn_replace() {
  if [ -d "$1/$2" ]; then vn_answer 1 "$vn_is_a_directory"; return; fi
  vn_temporary=
  vn_stderr=$(mkdir -p -- "$1" 2>&1 && rm -f -- "$1/.$2.new."* 2>&1) && # what writes that were killed left
    vn_temporary=$(mktemp "$1/.$2.new.XXXXXX" 2>&1) || { vn_answer 1 "$vn_stderr$vn_temporary"; return; }
  vn_stderr=$({ printf '%s' "$3" | tee -- "$vn_temporary" >/dev/null && chmod 0644 "$vn_temporary" &&
    sync "$vn_temporary" && mv -f -- "$vn_temporary" "$1/$2" && sync "$1"; } 2>&1)
  vn_status=$?
  [ "$vn_status" = 0 ] || rm -f -- "$vn_temporary"
  vn_answer "$vn_status" "$vn_stderr"
}
vn_remove() {
  vn_parent=${1%/*}
  vn_stderr=$(rm -f -- "$1" "$vn_parent/.${1##*/}.new."* 2>&1); vn_status=$?
  if [ "$vn_status" = 0 ] && [ -d "$vn_parent" ]; then vn_stderr=$(sync "$vn_parent" 2>&1); vn_status=$?; fi
  vn_answer "$vn_status" "$vn_stderr"
}
vn_remove_directory() {
  vn_stderr=$(rmdir -- "$1" 2>&1); vn_status=$?
  if [ "$vn_status" = 0 ]; then vn_stderr=$(sync "${1%/*}" 2>&1); vn_status=$?; fi
  vn_answer "$vn_status" "$vn_stderr"
}
vn_lock() { # held by the shell itself, so that it ends with the session; without the right to, there is none to take
  mkdir -p "${1%/*}" 2>/dev/null
  # Only for root: anyone who can read the file can lock it.
  if command -v flock >/dev/null && (umask 077; : >>"$1" && chmod 0600 "$1") 2>/dev/null; then
    exec 9>>"$1"
    flock -n 9 || { exec 9>&-; vn_answer "$vn_in_use" ''; return; }
  fi
  vn_answer 0 ''
}
vn_unlock() { exec 9>&-; vn_answer 0 ''; }
vn_end() {
  [ -e "/proc/$1" ] || { vn_answer 0 ''; return; }
  vn_stderr=$(kill -TERM "$1" 2>&1) || {
    if [ -e "/proc/$1" ]; then vn_answer 1 "$vn_stderr"; else vn_answer 0 ''; fi
    return
  }
  vn_tries=$2
  while grep -q '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status" 2>/dev/null; do
    [ "$vn_tries" -gt 0 ] || { vn_answer "$vn_still_runs" ''; return; }
    sleep 0.1; vn_tries=$((vn_tries - 1))
  done
  vn_answer 0 ''
}
"""


def greeting(delimiter: str) -> str:
    """The first command of a shell, answered in one line: whether it is root, or sudo makes it root at once."""
    return (
        'if [ "$(id -u)" = 0 ]; then vn_account=root\n'
        "elif sudo -n sh -c : </dev/null >/dev/null 2>&1; then vn_account=sudo\n"
        f"else vn_account=user; fi; printf '\\n%s %s\\n' {delimiter} \"$vn_account\"\n"
    )


def become_root(delimiter: str) -> str:
    """Give the session to a shell of root's; it says so before it reads on, so that the old one reads nothing of it."""
    return f'exec sudo -n sh -c \'printf "\\n%s root\\n" "$1"; exec sh\' sh {delimiter}\n'


def preparation(delimiter: str) -> str:
    """The functions that requests call."""
    values = {
        "delimiter": delimiter,
        "no_program": str(NO_PROGRAM),
        "still_runs": str(STILL_RUNS),
        "in_use": str(IN_USE),
        "cannot_try": str(CANNOT_TRY),
        "is_a_directory": os.strerror(errno.EISDIR),
        "python": _PYTHON,
        "perl": _PERL,
        "awk": _AWK,
    }
    settings = "".join(f"vn_{name}={shlex.quote(value)}\n" for name, value in values.items())
    return f"LC_ALL=C; export LC_ALL; umask 022; PATH=$PATH:{':'.join(SBIN)}; export PATH\n{settings}{_FUNCTIONS}"


def calls(requests: Sequence[Request]) -> str:
    """The lines for requests, in their order: files that are read one after the other are read by one call.

    Raises ValueError for what no shell can be given.
    """
    lines: list[str] = []
    for kind, several in groupby(requests, key=lambda request: request[0]):
        if kind != "read":
            lines += map(call, several)
            continue
        paths = [path for _, path in several]
        for start in range(0, len(paths), MOST_FILES):
            several_paths = paths[start : start + MOST_FILES]
            lines.append(call(("read-all" if len(several_paths) > 1 else "read", *several_paths)))
    return "".join(lines)


def call(request: Request) -> str:
    """The line for one request. Raises ValueError for what no shell can be given."""
    if any("\0" in word for word in request):
        raise ValueError("a NUL cannot be given to a shell")
    kind, *words = request
    if kind == "end":  # counted in tenths of a second
        words[1] = str(int(float(words[1]) * 10))
    return f"{shlex.join([f'vn_{kind}'.replace('-', '_'), *words])} </dev/null\n"


def answers(fields: Sequence[bytes], requests: Sequence[Request]) -> list[Answer]:
    """The answers from the fields between a session's delimiters, three each."""
    texts = [field.decode("utf-8", "surrogateescape") for field in fields]
    return [_answer(request, *texts[3 * index : 3 * index + 3]) for index, request in enumerate(requests)]


def _answer(request: Request, text: str, status: str, stderr: str) -> Answer:
    if status == "0":
        return Answer(text.rstrip("\n") if request[0] == "has" else text)
    if int(status) in _NUMBERS_BY_STATUS:
        return Answer(error=HostError(_NUMBERS_BY_STATUS[int(status)], stderr))
    message = " ".join(stderr.split()) or messages.exit_status(status)
    # A program's failure is its own business: its words are shown, and no error number is read from them.
    number = None if request[0] == "run" else _NUMBERS_BY_MESSAGE.get(stderr.strip().rpartition(": ")[2])
    ended = int(status) if request[0] == "run" else None
    return Answer(error=HostError(number, os.strerror(number) if number is not None else message, ended))
