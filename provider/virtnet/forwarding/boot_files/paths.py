"""Where the host keeps what sets kernel parameters at boot, and where virtnet keeps its runtime records."""

#: In order of precedence (sysctl.d(5)).
DIRECTORIES = (
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
)

SYSCTL_CONF = "/etc/sysctl.conf"

DIRECTORY = "/etc/sysctl.d"
"""The one that virtnet writes drop-ins into."""

RUNTIME_RECORDS = "/run/virtnet"
"""The directory of runtime records (see forwarding.drop_in)."""
