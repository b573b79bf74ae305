"""Topic filters, as MQTT 5 §4.7 says."""

from __future__ import annotations

import pytest

from ingest.errors import InvalidInput
from ingest.mqtt.topics import check_filter, matches


@pytest.mark.parametrize(
    ("topic_filter", "topic", "delivered", "reason"),
    [
        ("sport/tennis/player1/#", "sport/tennis/player1", True, "MQTT 5 §4.7.1.2: # includes the parent"),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", True, "§4.7.1.2"),
        ("sport/tennis/+", "sport/tennis/player1", True, "§4.7.1.3: + is one level"),
        ("sport/tennis/+", "sport/tennis/player1/ranking", False, "§4.7.1.3: only one level"),
        ("sport/+", "sport", False, "§4.7.1.3: sport/+ does not match sport"),
        ("sport/+", "sport/", True, "§4.7.1.3: an empty level is a level"),
        ("+/+", "/finance", True, "§4.7.1.3"),
        ("/+", "/finance", True, "§4.7.1.3"),
        ("+", "/finance", False, "§4.7.1.3"),
        ("#", "$SYS/monitor/Clients", False, "§4.7.2: # does not match topics that begin with $"),
        ("+/monitor/Clients", "$SYS/monitor/Clients", False, "§4.7.2"),
        ("$oc/devices/+/sys/properties/report", "$oc/devices/d1/sys/properties/report", True, "§4.7.2"),
        ("$share/hub/a/+", "a/b", True, "§4.8.2: a shared subscription matches by its inner filter"),
        ("a", "A", False, "§4.7.3: case matters"),
    ],
)
def test_matches(topic_filter: str, topic: str, delivered: bool, reason: str) -> None:
    """Each row is a sentence of the standard."""
    assert matches(topic_filter, topic) is delivered, reason


@pytest.mark.parametrize("topic_filter", ["", "a/#/b", "a#", "a+/b", "$share/x", "a\0"])
def test_a_wrong_filter_is_refused(topic_filter: str) -> None:
    """Named at once instead of by a refusing broker."""
    with pytest.raises(InvalidInput):
        check_filter(topic_filter)
