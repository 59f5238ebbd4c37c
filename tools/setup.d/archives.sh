# shellcheck shell=bash
# The archives of Debian that apt knows here, and the same of other releases, to be sourced after common.sh.

codename() {
    # shellcheck source=/dev/null
    (. /etc/os-release && echo "${VERSION_CODENAME-}")
}

# archives_of RELEASE: what apt's archives of Debian have of that release, one a line: URI, suite, components. Backports
# and proposed updates are of releases that are out: another release may have none.
archives_of() {
    # shellcheck disable=SC2016 # the names are apt's
    apt-get indextargets --format '$(ORIGIN)|$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        sed -n 's/^Debian|//p' | sort -u | awk -v from="$(codename)" -v to="$1" '
            from != to && $2 ~ /-(backports|proposed-updates)/ { next }
            { sub("^" from, to, $2); print }'
}

# main_archive_of RELEASE: the URI of the one that has the release itself.
main_archive_of() { archives_of "$1" | awk -v suite="$1" '$2 == suite { print $1; exit }'; }
