"""What the plan of a forward means for others is what its notes say."""

from virtnet.planning.findings import Effect, EffectKind, Note
from virtnet.port_forward.kinds import NoteKind
from virtnet.port_forward.plan.effects import effects, in_brief
from virtnet.spec.failures import Details
from virtnet.spec.part import UNKNOWN

OPENS: Details = {
    **{"protocol": "tcp", "first": 80, "last": 80, "address": "", "version": 4, "sources": []},
    **{"guest": "web", "target": "10.1.0.2", "target_first": 80, "target_last": 80},
}


def test_effects_have_the_details_of_their_notes() -> None:
    notes = (Note(NoteKind.OPENS, OPENS), Note(NoteKind.NETWORK_INACTIVE, {"network": "lab"}))

    assert list(effects(None, {}, notes)) == [Effect(EffectKind.PORT_OPENED, ("web",), OPENS)]


def test_a_forward_in_brief() -> None:
    ports = [{"protocol": "tcp", "listen_port": "80"}, {"protocol": "udp", "listen_port": UNKNOWN}]

    assert list(in_brief({"ports": ports, "network": "lab"})) == ["tcp 80", "network lab"]
    assert list(in_brief({"ports": UNKNOWN, "network": UNKNOWN})) == []
