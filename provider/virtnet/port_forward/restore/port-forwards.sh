#!/bin/sh
# Written by virtnet, a Pulumi provider. It keeps what port forwards need beside their rules in nftables, and is the
# same on each host; `pulumi up` overwrites what is changed here by hand.
#
#   links    makes what is missing and removes what no forward needs any more: of each network with forwards a pair of
#            interfaces behind which packets are handed to its bridge, routes over it for packets with our mark, and in
#            FORWARD of iptables, where there is one, what lets them pass a policy of DROP, as its first rule
#   check    prints what `links` would make or remove, a line each, and changes nothing
#   restore  loads the rules of all forwards where their table is missing, and does `links`
#   watch    does `restore`, then `links` whenever something of this is changed, until it is ended; where somebody has
#            put a rule before ours in FORWARD meanwhile, that stays so
#
# What changes something waits until no other run of this script does.
# Rules that somebody removed stay removed until the next boot, or `pulumi up`.
set -u
export LC_ALL=C PATH="${PATH:-}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"

common=/etc/virtnet/port-forwards.nft
forwards=/etc/virtnet/port-forwards
name=virtnet_port_forwards
mark=0x10000000/0x10000000
# Of the routing table, of the rule that leads there, and of virtnet as the origin of both.
table=7670 priority=767 protocol=176
lock=/run/virtnet/port-forwards.lock
verb=${1-}
status=0

# wrong KIND NAME: something is not as wanted; true where it is to be mended now.
wrong() {
  [ "$verb" != check ] || { printf '%s %s\n' "$1" "$2"; return 1; }
}

# try COMMAND…: a failure is remembered, and the rest is tried all the same.
try() { "$@" || status=1; }

# alone COMMAND…: while no other run changes anything; where a system has no flock, without waiting.
alone() {
  mkdir -p "${lock%/*}"
  # Root's alone: who can read it could lock it.
  (umask 077; : >>"$lock") || { status=1; return; }
  { ! command -v flock >/dev/null || flock 9 || status=1; "$@"; } 9>>"$lock"
}

# setting FILE VALUE LINK: a kernel parameter; those of a protocol that the kernel lacks do not matter.
setting() {
  [ -e "$1" ] || return 0
  found=$(cat "$1") # read takes a byte at a time, and /proc/sys gives the first one alone
  if [ "$found" != "$2" ] && wrong setting "$3"; then printf '%s\n' "$2" >"$1" || status=1; fi
}

# What the forwards' files want, a network and subnet a line: LINK PORT BRIDGE SUBNET GATEWAY.
wanted() {
  sed -n 's/^# virtnet-link: //p' "$forwards"/*.nft 2>/dev/null | sort -u
}

# own_link LINK PORT BRIDGE: packets that go in at the one end are handed to the bridge behind the other, addressed to
# the guest by the bridge's own neighbours. So they meet no rule that names the bridge, and are bridged only once.
own_link() {
  if ! [ -e "/sys/class/net/$1" ] || ! [ -e "/sys/class/net/$2" ]; then
    wrong link "$1" || return 0
    [ ! -e "/sys/class/net/$1" ] || ip link delete dev "$1"
    ip link add name "$1" type veth peer name "$2" || { status=1; return 0; }
    for end in "$1" "$2"; do
      try ip link set dev "$end" arp off
      ip link set dev "$end" addrgenmode none 2>/dev/null || continue # a kernel without IPv6
    done
  fi
  setting "/proc/sys/net/ipv6/conf/$1/disable_ipv6" 0 "$1"
  for end in "$1" "$2"; do
    if ! is_up "$end" && wrong setting "$1"; then try ip link set dev "$end" up; fi
  done
  [ -e "/sys/class/net/$3/bridge" ] || return 0
  mtu=$(cat "/sys/class/net/$3/mtu")
  setting "/sys/class/net/$1/mtu" "$mtu" "$1"
  setting "/sys/class/net/$2/mtu" "$mtu" "$1"
  # The kernel keeps the bridge's number, and one that is made anew has another.
  case $(nft list chain netdev "$name" "$2" 2>/dev/null) in
    *"policy drop;"*"fwd ip to ip daddr device \"$3\" "*"fwd ip6 to ip6 daddr device \"$3\" "*) ;;
    *) ! wrong port "$1" || lead_into "$2" "$3" ;;
  esac
}

# is_up INTERFACE
is_up() {
  read -r flags <"/sys/class/net/$1/flags" && [ $((flags & 1)) = 1 ]
}

# lead_into PORT BRIDGE
lead_into() {
  nft -f - <<END || status=1
add table netdev $name
add chain netdev $name $1 { type filter hook ingress device "$1" priority 0; policy drop; }
flush chain netdev $name $1
add rule netdev $name $1 fwd ip to ip daddr device "$2" comment "virtnet"
add rule netdev $name $1 fwd ip6 to ip6 daddr device "$2" comment "virtnet"
END
}

# forget LINK: an own link that no forward needs any more.
forget() {
  nft delete chain netdev "$name" "vnpb${1#vnpf}" 2>/dev/null
  try ip link delete dev "$1"
  [ -n "$wanted" ] || nft delete table netdev "$name" 2>/dev/null
}

# routing VERSION: the routes of the wanted subnets, and the rule by which only packets with our mark see them.
routing() {
  there=$(ip "-$1" route show table "$table" 2>/dev/null | sed 's/^\([^ ]*\) dev \([^ ]*\).*/\1 \2/')
  want=$(printf '%s\n' "$wanted" | while read -r link _ _ subnet _; do
    case $subnet in *:*) version=6 ;; ?*) version=4 ;; *) continue ;; esac
    [ "$version" != "$1" ] || printf '%s %s\n' "$subnet" "$link"
  done)
  printf '%s\n' "$want" | while read -r subnet link; do
    if [ -z "$subnet" ] || printf '%s\n' "$there" | grep -qxF "$subnet $link"; then continue; fi
    ! wrong route "$subnet" ||
      ip "-$1" route replace "$subnet" dev "$link" proto "$protocol" table "$table" || exit 1
  done || status=1
  printf '%s\n' "$there" | while read -r subnet link; do
    case "$subnet $link" in *" vnpf"*) ;; *) continue ;; esac
    if printf '%s\n' "$want" | grep -qxF "$subnet $link"; then continue; fi
    ! wrong route "$subnet" || ip "-$1" route delete "$subnet" dev "$link" table "$table" || exit 1
  done || status=1
  rule=$(ip "-$1" rule show priority "$priority" 2>/dev/null)
  case "$want:$rule" in
    :*" lookup $table"*) ! wrong rule "ipv$1" || try ip "-$1" rule delete priority "$priority" table "$table" ;;
    :*) ;;
    *:*" lookup $table"*) ;;
    *) ! wrong rule "ipv$1" || try ip "-$1" rule add fwmark "$mark" table "$table" priority "$priority" protocol "$protocol" ;;
  esac
}

# FORWARD of iptables takes what somebody's policy would drop: what has our mark and was translated, with the answers.
accepted='-m connmark --mark 0x10000000/0x10000000 -m conntrack --ctstate DNAT'

# accept PROGRAM LEGACY-PROGRAM FAMILY NAMES: only where there is a FORWARD already, as asking iptables makes one.
accept() {
  if grep -qx filter "$4" 2>/dev/null; then
    if command -v "$2" >/dev/null; then in_forward "$2"; else in_forward "$1"; fi
  fi
  if nft list chain "$3" filter FORWARD >/dev/null 2>&1; then in_forward "$1"; fi
}

# in_forward PROGRAM: what is accepted is in its FORWARD where a network has forwards, and not where none has.
#
# It is put before all else, and only put back where it is gone while we watch: who puts a rule before it may mean to
# close something, and with somebody who insists as we would, there would be no end to it.
in_forward() {
  command -v "$1" >/dev/null || return 0
  set -- "$1" "$accepted -m comment --comment virtnet_port_forwards -j ACCEPT"
  if [ -n "$wanted" ] && [ "$("$1" -w 5 -S FORWARD 1 2>/dev/null)" = "-A FORWARD $2" ]; then return; fi
  # shellcheck disable=SC2086 # the words of a rule are words
  # iptables 1.8.7 prints the rule that it finds.
  if ! "$1" -w 5 -C FORWARD $2 >/dev/null 2>&1; then
    [ -z "$wanted" ] || ! wrong accept "$1" || try "$1" -w 5 -I FORWARD 1 $2
  elif [ -z "$wanted" ]; then
    ! wrong accept "$1" || try "$1" -w 5 -D FORWARD $2
  elif [ "$verb" != check ] && [ "$verb" != watch ]; then
    # At once, so that no packet comes by between.
    printf '*filter\n-D FORWARD %s\n-I FORWARD 1 %s\nCOMMIT\n' "$2" "$2" | "$1-restore" -w 5 -n || status=1
  fi
}

links() {
  wanted=$(wanted)
  for path in /sys/class/net/vnpf????????; do
    link=${path##*/}
    if ! [ -e "$path" ] || printf '%s\n' "$wanted" | grep -q "^$link "; then continue; fi
    ! wrong link "$link" || forget "$link"
  done
  interfaces=
  while read -r link port bridge _; do
    [ -n "$link" ] || continue
    case " $interfaces " in *" $link "*) continue ;; esac
    interfaces="$interfaces $link $port $bridge"
    own_link "$link" "$port" "$bridge"
  done <<END
$wanted
END
  routing 4
  routing 6
  accept iptables iptables-legacy ip /proc/net/ip_tables_names
  accept ip6tables ip6tables-legacy ip6 /proc/net/ip6_tables_names
}

# shellcheck disable=SC2329 # alone calls it
rules() {
  if [ -z "$(wanted)" ] || nft list table inet "$name" >/dev/null 2>&1; then return; fi
  # One file that does not load must not close all other ports.
  cat "$common" "$forwards"/*.nft | nft -f - ||
    for file in "$common" "$forwards"/*.nft; do try nft -f "$file"; done
}

# The kernel's changes of links and of rules, a line each, behind a first line with who tells of them; a last line when
# they cannot be followed any more.
events() {
  { ip -oneline monitor link; echo gone; } &
  tellers=$!
  # Not of elements: nft 1.0.6 ends with a segmentation fault where one of a map with intervals is deleted.
  for kind in rules chains; do
    { nft monitor "$kind"; echo gone; } &
    tellers="$tellers $!"
  done
  # iptables-legacy tells nobody of its changes.
  while sleep 60; do if grep -q . /proc/net/ip_tables_names 2>/dev/null; then echo legacy; fi; done &
  echo "tellers $tellers $!"
  # What happened while they started.
  sleep 1
  echo started
  wait
}

watch() {
  verb=restore
  alone rules
  alone links
  verb=watch
  events | while read -r line; do
    case $line in
      "tellers "*) tellers=${line#* } ;;
      started | legacy) alone links ;;
      gone) # shellcheck disable=SC2086 # process ids are words
        kill $tellers 2>/dev/null
        exit ;;
      *" ip filter FORWARD"* | *" ip6 filter FORWARD"*) alone links ;;
      *) # a link: "7: virbr0: <…", or "Deleted 7: vnpf…@vnpb…: <…"
        line=${line#Deleted }
        line=${line#*: }
        line=${line%%[:@]*}
        case " $interfaces " in *" $line "*) alone links ;; esac ;;
    esac
  done
}

case $verb in
  check) links ;;
  links) alone links ;;
  restore) alone rules; alone links ;;
  watch) watch; status=1 ;;
  *) echo "usage: sh $0 links|check|restore|watch" >&2; status=2 ;;
esac
exit "$status"
