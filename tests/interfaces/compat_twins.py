"""Small twins of the three systems' own clients: they take statuses, keys and types for granted, and print them.

A key that is missing, a null where a number is formatted, or another status is an error in them, as it is in the
clients that people have.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

Call = Callable[..., Any]
"""`call(method, path, json=…, params=…)`, with a response that has `status_code` and `json()`."""


def ok(response: Any) -> Any:
    """Return the body of a response, which must be a 200."""
    assert response.status_code == 200, f"{response.status_code}: {response.text[:400]}"
    return response.json()


def text(value: object) -> str:
    """Return a value that a client takes for text."""
    assert isinstance(value, str), f"{value!r} is no text"
    return value


def number(value: object) -> float:
    """Return a value that a client takes for a number with a point."""
    assert isinstance(value, float), f"{value!r} is no float"
    return value


def whole(value: object) -> int:
    """Return a value that a client takes for a count."""
    assert isinstance(value, int), f"{value!r} is no whole number"
    assert not isinstance(value, bool)
    return value


def moment(value: object) -> datetime:
    """Return a time that a browser can show."""
    found = datetime.fromisoformat(text(value))
    assert found.tzinfo is not None
    return found


class FireTester:
    """RAG of Fire's test program, call by call in its order; each returns what it prints."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.printed: list[str] = []
        """What it prints, as it formats it."""

    def health(self) -> str:
        body = ok(self.call("GET", "/health"))
        assert isinstance(body["services"], dict)
        moment(body["timestamp"])
        return f"{text(body['app_name'])} {text(body['version'])}: {text(body['status']).upper()}"

    def analyze(self, kind: str, spike: float, service: str, metric: str, tenant: str = "acme") -> Mapping[str, Any]:
        body = {
            "error_type": kind,
            "spike_percentage": spike,
            "tenant_id": tenant,
            "service_name": service,
            "metric_name": metric,
            "window_minutes": 5,
            "top_k": 3,
        }
        found = ok(self.call("POST", "/api/v1/decisions/analyze", json=body))
        assert 0 <= number(found["confidence_score"]) <= 1
        printed = (
            f"{found['latency_ms']:d} ms {found['matched_incident']} {text(found['symptom'])}\n"
            f"{text(found['recommended_action'])} {found['confidence_score']:.2%}\n"
            f"{', '.join(found['citations'][:2])}"
        )
        assert "\n" not in found["recommended_action"]
        for document in found["retrieved_documents"]:
            printed += f"\n{text(document['vector_db_id'])} {text(document['incident_id'])} {text(document['title'])}"
            printed += f" {text(document['error_type'])} {number(document['similarity_score']):.2%}"
            printed += (
                f" {number(document['mitigation_effectiveness']):.0f} {number(document['resolution_confidence'])}"
            )
            assert isinstance(document["tags"], list)
        assert len(found["retrieved_documents"]) <= 3
        return found | {"printed": printed}

    def stream(self, kind: str, spike: float) -> Mapping[str, Any]:
        body = {
            "error_type": kind,
            "spike_percentage": spike,
            "tenant_id": "acme",
            "service_name": "payments",
            "metric_name": "latency",
            "baseline_value": 120.0,
            "current_value": 660.0,
            "window_minutes": 5,
            "raw_payload": {"host": "db-7", "samples": [1, 2, 3]},
        }
        found = ok(self.call("POST", "/api/v1/decisions/stream-anomaly", json=body))
        moment(found["detected_at"])
        self.printed.append(f"{text(found['id'])} {text(found['error_type'])} {number(found['spike_percentage']):.1f}")
        return found

    def search(self, query: str, kind: str, top_k: int = 3) -> Mapping[str, Any]:
        params = {"query": query, "error_type": kind, "top_k": top_k}
        found = ok(self.call("GET", "/api/v1/documents/rcas/search", params=params))
        assert (found["query"], found["filters"]["error_type"]) == (query, kind)
        assert whole(found["count"]) == len(found["results"])
        for result in found["results"]:
            self.printed += [
                f"{text(result['incident_id'])} {text(result['title'])} {text(result['error_type'])}",
                f"{text(result['mitigation_metric'])} {number(result['mitigation_effectiveness']):.0f}%",
                f"{number(result['similarity_score']):.2%}",
            ]
        return found

    def stats(self) -> tuple[int, int, int]:
        found = ok(self.call("GET", "/api/v1/documents/stats"))
        return whole(found["rcas"]["count"]), whole(found["documents"]["count"]), whole(found["total"])


def shown_confidence(analysis: object) -> int | None:
    """Return the number that IncidentOS AI's page takes out of the prose; it shows the first it finds."""
    found = re.search(r"(\d+)%", text(analysis))
    return int(found[1]) if found else None


def percentages(prose: str) -> list[str]:
    """Return everything in a text that reads as a percentage, however it is spaced."""
    return re.findall(r"\d+\s*[%\uff05]", prose)


def incident_page(incident: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of IncidentOS AI's page about an incident; the page numbers the actions itself."""
    yield f"{text(incident['incident_id'])} {text(incident['title'])} [{text(incident['status'])}]"
    moment(incident["created_at"])
    confidence = shown_confidence(incident["ai_analysis"])
    yield "confidence unknown" if confidence is None else f"confidence {confidence}%"
    for place, action in enumerate(incident["suggested_actions"], 1):
        assert not re.match(r"\s*(\d+[.)]|[-*•])\s", text(action)), action
        yield f"{place}. {action}"
    for past in incident["similar_past_incidents"]:
        yield f"{text(past['incident_id'])} {number(past['similarity_score']):.0%} {text(past['title'])}"
        moment(past["created_at"])


def recall_page(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of RecallOps' page about an answer."""
    yield text(answer["response"])
    yield f"{text(answer['model_used'])} ${number(answer['cost']):.4f} {text(answer['routing_reason'])}"
    for similar in answer["similar_incidents"]:
        yield f"{text(similar['id'])} {number(similar['similarity']) * 100:.0f}% {text(similar['title'])}"
    assert isinstance(answer["audit_logs"], list)
