"""Several spellings of one host's URI count as one."""

from virtnet.transport.spellings import Spellings


def test_the_first_spelling_of_a_host_stands_for_all_and_no_other_host() -> None:
    told = Spellings()
    uris = [
        "qemu:///system",
        "qemu+ssh://root@kvm1/system",
        "network+unix:///system",
        "qemu+libssh2://kvm1/system?keyfile=/k",
        "qemu+ssh://kvm2/system",
        "qemu:///session",
    ]

    first = [told.first(uri) for uri in uris]

    assert first == [uris[0], uris[1], uris[0], uris[1], uris[4], uris[5]]
    assert [told.first(uri) for uri in uris] == first
