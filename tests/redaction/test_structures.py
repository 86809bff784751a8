"""Redacting what is no plain text: mappings, lists of pairs, lists and numbers under a name."""

import pytest

from onrecall.redaction import redact_model

MARK = "[redacted:password]"


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        ({"password": "correct horse battery"}, {"password": MARK}),
        ({"name": "DB_PASSWORD", "value": "x7Lm2pQ9"}, {"name": "DB_PASSWORD", "value": MARK}),
        ([{"Key": "ROOT_PW", "Value": "x7Lm2pQ9"}], [{"Key": "ROOT_PW", "Value": MARK}]),
        ({"passwords": ["x7Lm2pQ9", "unset"]}, {"passwords": [MARK, "unset"]}),
        ({"db": {"password": {"value": "x7Lm2pQ9"}}}, {"db": {"password": {"value": MARK}}}),
        ({"password": 48151623}, {"password": MARK}),
        ({"pin": 4815}, {"pin": "[redacted:one-time-code]"}),
    ],
)
def test_a_value_goes_by_its_name(value, clean):
    assert redact_model(value) == clean
    assert redact_model(clean) == clean


@pytest.mark.parametrize(
    "value",
    [
        {"tokens": 4096, "passwords": 3},
        {"password": True},
        {"password": ""},
        {"secret": "db-credentials"},
        {"secretName": "tls", "token_type": "bearer"},
        {"name": "region", "value": "eu-west-1"},
        {"key": "user:42", "value": 7},
        {"password": "${DB_PASSWORD}"},
    ],
)
def test_what_is_no_secret_is_handed_back_as_it_is(value):
    assert redact_model(value) is value
