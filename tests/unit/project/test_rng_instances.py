"""The instances made of libvirt's schema: valid, one for each alternative, and none silently left out."""

import shutil
from pathlib import Path

import pytest
from lxml import etree
from tests.rng_instances import NEEDS, SCHEMAS, Schema, Unknown


def changed_schema(directory: Path, old: str, new: str) -> Path:
    """A copy of the installed schema in which one text stands for another."""
    for name in ("network.rng", "networkcommon.rng", "basictypes.rng"):
        shutil.copy(SCHEMAS / name, directory)
    text = (directory / "network.rng").read_text()
    assert old in text
    (directory / "network.rng").write_text(text.replace(old, new))
    return directory


def test_each_instance_is_valid_and_there_is_one_for_each_alternative() -> None:
    schema = Schema()
    rules = etree.RelaxNG(etree.parse(SCHEMAS / "network.rng"))

    instances = list(schema.instances())

    assert [instance.target for instance in instances] == list(schema.targets)
    assert [one.target for one in instances if not rules.validate(etree.fromstring(one.xml))] == []


@pytest.mark.parametrize(
    ("target", "path", "value"),
    [
        ("forward/@mode=vepa", "forward/@mode", "vepa"),
        ("ip/dhcp/host(@mac|@id|@name)(@id)/@id(duidLLT)", "ip/dhcp/host/@id", "0:1:0:1:18:aa:62:fe:0:16:3e:44:55:66"),
        ("route(@prefix)/@prefix(ipv6Prefix)=127", "route/@prefix", "127"),
        ("portgroup(virtualport midonet)", "portgroup/virtualport/@type", "midonet"),
        ("ip(@netmask)", "ip/@netmask", "255.255.255.0"),
    ],
)
def test_an_instance_holds_what_it_is_made_for(target: str, path: str, value: str) -> None:
    instance = Schema().instance(target)

    assert etree.fromstring(instance.xml).xpath(path) == [value]


def test_what_is_made_to_be_absent_is_absent() -> None:
    instance = Schema().instance("no ip/@family")

    assert etree.fromstring(instance.xml).xpath("ip/@address") == ["10.77.0.1"]
    assert etree.fromstring(instance.xml).xpath("ip/@family") == []


def test_a_name_that_the_schema_gains_is_walked(tmp_path: Path) -> None:
    news = '<element name="bridge"><optional><attribute name="news"><ref name="virYesNo"/></attribute></optional>'
    directory = changed_schema(tmp_path, '<element name="bridge">', news)

    gained = Schema(directory).targets.keys() - Schema().targets.keys()

    assert gained == {"no bridge/@news", "bridge/@news", "bridge/@news=yes", "bridge/@news=no"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('<ref name="wwn"/>', "the type 'wwn' at bridge/@news has no value"),
        ('<data type="duration"/>', "the type 'duration' at bridge/@news has no value"),
        ("<text/>", "the type 'text' at bridge/@news has no value"),
        ('<ref name="nowhere"/>', "the schema's definition 'nowhere' at bridge/@news is in none of its files"),
        ("<list><text/></list>", "the schema's construct <list> at bridge/@news is unknown to the walk"),
    ],
)
def test_what_the_walk_has_no_value_for_is_named(tmp_path: Path, content: str, words: str) -> None:
    news = f'<element name="bridge"><attribute name="news">{content}</attribute>'
    directory = changed_schema(tmp_path, '<element name="bridge">', news)

    with pytest.raises(Unknown) as caught:
        list(Schema(directory).instances())

    assert words in str(caught.value)


def test_each_need_says_why() -> None:
    assert all(need.why for need in NEEDS)
