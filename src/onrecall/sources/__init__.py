"""A sender's payload → signals. One file per sender; here is the table of them."""

from collections.abc import Mapping
from pathlib import Path

from onrecall.sources import (
    alertmanager,
    anomaly,
    cloudevents,
    cloudwatch,
    datadog,
    generic,
    github,
    grafana,
    incident_io,
    mapping,
    opsgenie,
    pagerduty,
    pagerduty_events,
    prometheus,
    rootly,
    sentry,
    sns,
    sns_certificates,
)
from onrecall.sources.webhook import Confirmation, Delivery, Malformed, Parsed, Source, load_json

__all__ = ["SOURCES", "Confirmation", "Delivery", "Malformed", "Parsed", "Source", "load_json", "with_mapping"]

_ALL = (
    Source("alertmanager", alertmanager.parse),
    Source("prometheus", prometheus.parse),
    Source("grafana", grafana.parse, grafana.verify),
    Source("pagerduty", pagerduty.parse, pagerduty.verify),
    Source("pagerduty-events", pagerduty_events.parse),
    Source("pagerduty-changes", pagerduty_events.parse_change),
    Source("opsgenie", opsgenie.parse),
    Source("incident-io", incident_io.parse),
    Source("sentry", sentry.parse, sentry.verify),
    Source("datadog", datadog.parse),
    Source("cloudwatch", cloudwatch.parse, sns.Certificates(sns_certificates.fetch).verify),
    Source("cloudevents", cloudevents.parse),
    Source("rootly", rootly.parse, rootly.verify),
    Source("github", github.parse, github.verify),
    Source("anomaly", anomaly.parse),
    Source("generic", generic.parse),
)
SOURCES: Mapping[str, Source] = {one.name: one for one in _ALL}
"""Every sender by the name that stands in its address."""


def with_mapping(path: Path) -> Mapping[str, Source]:
    """Every sender, `generic` reading its fields where a mapping file says that they stand."""
    return {**SOURCES, generic.NAME: Source(generic.NAME, generic.parser(mapping.load(path)))}
