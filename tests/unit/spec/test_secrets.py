"""What a run was told of secrets is found wherever it is repeated."""

from virtnet.network.outputs import NetworkOutputs
from virtnet.spec.secrets import Secrets, repeating
from virtnet.spec.text import strings


def test_outputs_that_repeat_a_secret_are_named_at_any_depth() -> None:
    told = Secrets()
    told.keep({"192.168.123.50"})
    told.keep({"hunter2"})

    found = told.repeated_in(
        {
            "target": "192.168.123.50",
            "problems": [{"kind": "target-moved", "details": {"before": "192.168.123.60", "after": "at hunter2's"}}],
            "addresses": ["198.51.100.1"],
            "port": 50,
        }
    )

    assert found == {"target", "problems"}
    assert told.redacted("to 192.168.123.50:80") == "to [secret]:80"


def test_outputs_repeat_the_secret_inputs_that_they_are_made_of() -> None:
    assert [sorted(repeating(NetworkOutputs, secret)) for secret in ([], ["dns"], ["bridge"], ["name", "dns"])] == [
        [],
        [],
        ["bridge_name"],
        ["bridge_name"],
    ]


def test_a_number_is_hidden_as_lines_show_it() -> None:
    assert strings({"mtu": 13771, "as it travels": [13772.0], "short": 999, "flag": True}) == {"13771", "13772"}


def test_what_sentences_make_of_a_secret_address_is_hidden_too() -> None:
    told = Secrets()
    told.keep({"10.93.5.1/25", "fd00:93::1/64", "a/path"})

    said = told.redacted("10.93.5.1/25: 10.93.0.50 is outside 10.93.5.0/25; port 53 of 10.93.5.1; fd00:93::/64; path")

    assert said == ("[secret]: 10.93.0.50 is outside [secret]; port 53 of [secret]; [secret]; path")
