"""CloudWatch: one alarm, however it comes."""

import json
from datetime import UTC, datetime

import pytest

from onrecall.sources import SOURCES, ParsedWebhook, WebhookRequest
from sources.golden import NOW, body, only_signal, read

ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:ServerCpuTooHigh"


@pytest.mark.parametrize("name", ["sns_alarm", "raw_alarm", "eventbridge_alarm"])
def test_an_alarm_is_the_same_however_it_comes(name):
    alert = only_signal("cloudwatch", name)
    assert (alert.key, alert.title, alert.status) == (ARN, "ServerCpuTooHigh", "firing")
    assert alert.starts_at == alert.told_at == datetime(2019, 10, 2, 17, 4, 40, 989000, UTC)
    assert not alert.starts_known  # its OK will not repeat it
    assert alert.values == {"threshold": 50.0, "current": 99.50160229693434}
    assert alert.labels | {"statistic": ""} == {
        "region": "us-east-1", "account": "123456789012", "namespace": "AWS/EC2", "metric": "CPUUtilization",
        "statistic": "", "InstanceId": "i-12345678901234567",
    }  # fmt: skip
    assert alert.description.startswith("Goes into alarm when server CPU")
    assert alert.service is None


def test_an_alarm_that_is_ok_again():
    over = only_signal("cloudwatch", "sns_ok")
    assert (over.key, over.status) == (ARN, "resolved")
    assert over.ends_at == datetime(2019, 10, 2, 17, 14, 40, 989000, UTC)


def changed(**said):
    raw = json.loads(body("cloudwatch", "raw_alarm")) | said
    return SOURCES["cloudwatch"].parse(WebhookRequest(json.dumps(raw).encode()), NOW)


def test_missing_data_is_not_recovery():
    (alert,) = changed(NewStateValue="INSUFFICIENT_DATA").signals
    assert alert.status == "firing"
    assert alert.labels["state"] == "INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    ("dimensions", "service"),
    [
        ([{"name": "ClusterName", "value": "prod"}, {"name": "ServiceName", "value": "auth"}], "auth"),
        ([{"name": "FunctionName", "value": "resize"}], "resize"),
        ([{"name": "InstanceId", "value": "i-1"}], None),
        ([], None),
    ],
)
def test_the_service_is_a_dimension_that_names_one(dimensions, service):
    (alert,) = changed(Trigger={"Dimensions": dimensions}).signals
    assert alert.service == service


def test_without_an_arn_the_account_and_the_region_keep_alarms_apart():
    (alert,) = changed(AlarmArn=None).signals
    assert alert.key == "123456789012/US East (N. Virginia)/ServerCpuTooHigh"


def test_a_composite_alarm():
    alert = only_signal("cloudwatch", "sns_composite")
    assert alert.title == "CheckoutDown"
    assert alert.description.endswith("ALARM(CPUUtilizationTooHigh) AND ALARM(DiskWriteOpsTooHigh)")


def test_a_text_that_somebody_published():
    alert = only_signal("cloudwatch", "sns_text")
    assert (alert.title, alert.description) == ("test", "Hello world!")
    assert alert.key == "da41e39f-ea4d-435a-b922-c6aae3915ebf"


def test_the_end_of_a_subscription_says_nothing():
    assert read("cloudwatch", "unsubscribe_confirmation") == ParsedWebhook()


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"NewStateValue": "MAYBE"}, "NewStateValue"),
        ({"AlarmName": ""}, "AlarmName"),
        ({"StateChangeTime": "noon"}, "StateChangeTime"),
    ],
)
def test_what_cannot_be_read_is_kept_with_its_field(said, field):
    (part,) = changed(**said).malformed
    assert part.field == field


def test_another_event_of_eventbridge_is_taken_as_what_it_is():
    event = {
        "id": "7bf7", "detail-type": "EC2 Instance State-change Notification", "source": "aws.ec2", "account": "111122223333",
        "time": "2026-11-21T09:00:00Z", "region": "eu-west-1", "resources": ["arn:aws:ec2:eu-west-1:111122223333:instance/i-0ab"],
        "detail": {"instance-id": "i-0ab", "state": "stopped"},
    }  # fmt: skip
    (alert,) = SOURCES["cloudwatch"].parse(WebhookRequest(json.dumps(event).encode()), NOW).signals
    assert (alert.source, alert.title) == ("cloudwatch", "EC2 Instance State-change Notification: i-0ab")
    assert alert.expires_after


def test_what_is_no_message_of_aws_is_kept_with_the_reason():
    event = json.dumps({"detail-type": "Something", "detail": {"state": 5}})
    (part,) = SOURCES["cloudwatch"].parse(WebhookRequest(event.encode()), NOW).malformed
    assert part.field == "title"
