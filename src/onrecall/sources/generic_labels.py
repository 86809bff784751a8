"""Finds labels and annotations in a custom payload."""

from onrecall.sources import payload
from onrecall.sources.candidate_values import are_tags
from onrecall.sources.field_aliases import FieldCandidates
from onrecall.sources.field_readers import labels_from_value


def read_labels(candidates: FieldCandidates) -> tuple[dict[str, str], dict[str, str]]:
    """Return labels and annotations: labels, tags and identifying fields, and the remaining details."""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    for candidate in candidates.of_field("details"):
        details = (
            labels_from_value(candidate.value, payload.LONGEST_TEXT) if isinstance(candidate.value, dict | list) else {}
        )
        detail_labels, detail_annotations = payload.split_details(details)
        labels |= detail_labels
        annotations |= detail_annotations
        if isinstance(candidate.value, dict) and isinstance(candidate.value.get("labels"), dict):
            labels |= labels_from_value(candidate.value["labels"])
    for candidate in reversed(list(candidates.of_field("labels"))):
        if not isinstance(candidate.value, str) or are_tags(candidate.value):
            labels |= labels_from_value(candidate.value)
    for level in candidates.levels:
        scalars = {name: value for name, value in level.values.items() if not isinstance(value, dict | list)}
        labels |= payload.identifying_labels(labels_from_value(scalars))
    return labels, payload.limit_labels(annotations)
