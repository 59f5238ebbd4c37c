"""What a run was told of secrets is found wherever it is repeated."""

from virtnet.spec.secrets import Secrets


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
