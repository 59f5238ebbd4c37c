"""The kinds of what steps do and of why they fail. How each reads: messages.steps. Pure."""

from enum import Enum


class StepKind(Enum):
    """What a step does."""

    DEFINE = "define"
    CREATE_DEFINITION = "create definition"
    FINISH_DEFINITION = "finish definition"
    COMPLETE_MARK = "complete mark"
    CHANGE_DEFINITION = "change definition"
    MAKE_PERSISTENT = "make persistent"
    RESTORE_DEFINITION = "restore definition"
    REMOVE_DEFINITION = "remove definition"
    UNDEFINE = "undefine"
    MARK = "mark"
    UNMARK = "unmark"
    UNMARK_RUNNING = "unmark running"
    SET_TEXT = "set text"
    REMOVE_TEXT = "remove text"
    ADD_ITEM = "add item"
    REMOVE_ITEM = "remove item"
    ANNOUNCE_DNSMASQ_RESTART = "announce dnsmasq restart"
    WITHDRAW_DNSMASQ_RESTART = "withdraw dnsmasq restart"
    RESTART_DNSMASQ = "restart dnsmasq"
    START = "start"
    STOP = "stop"
    RUN_AGAIN = "run again"
    SET_AUTOSTART = "set autostart"
    RESTORE_AUTOSTART = "restore autostart"
    PROBE_START = "probe start"
    PROBE_LIMITS = "probe limits"
    START_HOLDING_NETWORK = "start holding network"
    REMOVE_HOLDING_NETWORK = "remove holding network"
    MOVE_TO_HOLDING_NETWORK = "move to holding network"
    REATTACH = "reattach"
    REMOVE_BRIDGE_OF_START = "remove bridge of start"
    REMOVE_BRIDGE_OF_STOP = "remove bridge of stop"
    END_DNSMASQ = "end dnsmasq"
    SET_BRIDGE_MTU = "set bridge mtu"


class DnsmasqRestart(Enum):
    """Why dnsmasq is restarted."""

    DHCPV6_BEGINS = "dhcpv6 begins"
    DHCPV6_ENDS = "dhcpv6 ends"
    NOT_RUNNING = "not running"
    CUT_SHORT = "cut short"


class StepFault(Enum):
    """Why a step fails, or does not begin."""

    NOT_DEFINED = "not defined"
    DROPPED = "dropped"
    GONE = "gone"
    NAME_UNSEEN = "name unseen"
    NAME_TAKEN = "name taken"
    FOREIGN_BRIDGE = "foreign bridge"
    PLUGGED_IN_SINCE = "plugged in since"
    CANNOT_REATTACH = "cannot reattach"
    STILL_WAITING = "still waiting"
    NOT_ACTIVE = "not active"
    NOT_ON_NETWORK = "not on network"
    GUEST_NOT_ON_BRIDGE = "guest not on bridge"
    LINK_NOT_ON_BRIDGE = "link not on bridge"
    HOST_NOT_REACHED = "host not reached"
    LEFTOVER_NOT_OURS = "leftover not ours"
    CANNOT_START = "cannot start"
    MTU_NOT_REACHED = "mtu not reached"
    CANNOT_LIMIT = "cannot limit"
