"""A document is about a cause when its title has every word of the cause's label."""

import pytest

from onrecall.domain.cause_label import names_cause


@pytest.mark.parametrize(
    ("title", "label"),
    [
        ("Database connection pool exhausted", "connection-pool-exhaustion"),
        ("A TLS certificate has expired", "certificate_expired"),
        ("What to do when certificates expire", "certificate-expired"),
        ("Consumers: lag grows and rebalancing never ends", "consumer-rebalance"),
    ],
)
def test_a_title_names_a_cause_whatever_the_endings(title, label):
    assert names_cause(title, label)


@pytest.mark.parametrize(
    ("title", "label"),
    [
        ("Database connection refused", "connection-pool-exhaustion"),
        ("Network", "network"),
        ("Disk is full", "disk-pressure"),
        ("Message queue", "mail-queue"),
        ("Anything", None),
        ("Anything", ""),
        ("", "disk-full"),
    ],
)
def test_a_title_that_lacks_a_word_names_none(title, label):
    assert not names_cause(title, label)
