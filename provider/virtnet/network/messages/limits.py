"""What kernels call the modules by which libvirt has `tc` limit traffic. Pure."""

from collections.abc import Mapping

#: By the way of traffic, as guests see it.
MODULES_OF_LIMITS: Mapping[str, str] = {
    "inbound": "sch_htb, sch_sfq and cls_fw",
    "outbound": "sch_ingress, cls_u32 and act_police",
}
