"""Records of one's own, as each of the three systems keeps them. They use the ids that the example history has too."""

from typing import Any

Rca = dict[str, Any]


def rca(number: int, kind: str, tenant: str, service: str, **said: Any) -> Rca:
    """A root cause analysis with every field that its system writes."""
    return {
        "incident_id": f"INC-2025-{number:03}",
        "error_type": kind,
        "affected_tenant": tenant,
        "affected_service": service,
        "severity": "high",
        "incident_date": f"2025-0{1 + number % 9}-1{number % 10}T07:30:00Z",
        "detection_seconds": 40 + number,
        "recovery_seconds": 900 + 60 * number,
        "resolution_confidence": 80 + number,
        "metadata": {"tags": [kind.partition("_")[0], "prod"], "region": f"eu-{number}"},
        **said,
    }


RCAS: list[Rca] = [
    rca(
        1, "database_timeout", "ledger", "payments",
        title="Ledger queries time out at month end",
        summary="Every query of the ledger waited for a free connection until it timed out.",
        root_cause="A closing job of one tenant opened connections without an upper bound.",
        impact="One payment in four failed for eleven minutes.",
        resolution_action="Looked at pg_stat_activity. Throttle database connections of the tenant to 30%. "
        "Moved the closing job to the replica.",
        mitigation_metric="Throttle database connections of the tenant to 30%",
        mitigation_effectiveness=91.5,
    ),
    rca(
        2, "kafka_consumer_lag", "metering", "event_processing",
        title="Metering events arrive an hour late",
        summary="The consumer group fell behind by two million records and kept rebalancing.",
        root_cause="One tenant replayed a year of events into the shared topic.",
        impact="Dashboards showed usage of an hour before.",
        resolution_action="Throttle consumers of the tenant to 45%, then raised max.poll.interval.ms.",
        mitigation_metric="Throttle consumers of the tenant to 45%",
        mitigation_effectiveness=88,
    ),
    rca(
        3, "memory_leak", "storefront", "sessions",
        title="Session pods killed for memory twice an hour",
        summary="The heap of the session store grew by 40 MB a minute until the kernel killed it.",
        root_cause="Closed web sockets stayed in a map without an end.",
        impact="Shoppers were signed out.",
        resolution_action="Took a heap dump. Throttle traffic of the tenant to 20%. Restarted the pods one by one.",
        mitigation_metric="Throttle traffic of the tenant to 20%",
        mitigation_effectiveness=84,
    ),
    rca(
        4, "high_cpu_utilization", "search", "catalog",
        title="Catalog nodes at full load",
        summary="All cores were busy compiling one regular expression over and over.",
        root_cause="A filter of a tenant backtracked without end.",
        impact="Searches took nine seconds.",
        resolution_action="Limit the filter of the tenant to 200 characters.",
        mitigation_metric="Limit the filter of the tenant to 200 characters",
        mitigation_effectiveness=97,
    ),
    rca(
        5, "external_api_rate_limit", "maps", "routing",
        title="Map provider answers 429",
        summary="The quota of the day was used up by noon.",
        root_cause="A cache of geocodes was emptied by a deployment.",
        impact="Routes without a map.",
        resolution_action="Back off to 5 calls a second and warm the cache.",
        mitigation_metric="Back off to 5 calls a second",
        mitigation_effectiveness=79,
    ),
    rca(
        6, "distributed_lock_deadlock", "billing", "invoices",
        title="Two invoice workers wait for each other",
        summary="Each held the lock that the other wanted.",
        root_cause="Locks were taken in two orders.",
        impact="No invoices for an hour.",
        resolution_action="Release the older lock by hand; take locks in the order of their names.",
        mitigation_metric="Release the older lock by hand",
        mitigation_effectiveness=100,
    ),
    rca(
        7, "vector_db_timeout", "assistant", "retrieval",
        title="Vector searches time out after a reindex",
        summary="The new index did not fit into memory.",
        root_cause="Vectors were written twice as wide.",
        impact="Answers without sources.",
        resolution_action="Serve the old index and shrink the vectors.",
        mitigation_metric="Serve the old index",
        mitigation_effectiveness=93,
    ),
    rca(
        8, "database_recursion_limit", "org", "directory",
        title="Directory query exceeds its recursion limit",
        summary="A manager was made his own manager.",
        root_cause="A circle in the tree of the organization.",
        impact="Nobody could open the directory.",
        resolution_action="Cut the circle by hand and forbid it by a constraint.",
        mitigation_metric="Cut the circle by hand",
        mitigation_effectiveness=100,
    ),
    rca(
        9, "ssl_certificate_expired", "edge", "gateway",
        title="Certificate of the gateway expired at midnight",
        summary="Handshakes failed with certificate has expired.",
        root_cause="The renewal job had no right to write the secret.",
        impact="No traffic for 19 minutes.",
        resolution_action="Renew the certificate by hand and give the job its right.",
        mitigation_metric="Renew the certificate by hand",
        mitigation_effectiveness=100,
    ),
    rca(
        10, "access_control_misconfiguration", "files", "storage",
        title="Files of one tenant readable by another",
        summary="A policy matched every tenant whose name began alike.",
        root_cause="A prefix without a slash at its end.",
        impact="42 files were opened by strangers.",
        resolution_action="Revoke the policy and write it with the slash.",
        mitigation_metric="Revoke the policy",
        mitigation_effectiveness=100,
    ),
]  # fmt: skip

SCENARIOS = (
    ("database_timeout", 450, "payments", "db_query_time_p99_ms", "INC-2025-001", 30),
    ("kafka_consumer_lag", 320, "event_processing", "kafka_consumer_lag", "INC-2025-002", 45),
    ("memory_leak", 280, "sessions", "heap_memory_gb", "INC-2025-003", 20),
)
"""Kind, spike, service and metric of an anomaly, the incident that it repeats, and the percentage of its throttle."""

INCIDENTS: list[dict[str, Any]] = [
    {
        "id": "INC-001",
        "title": "API gateway 503: connection pool exhaustion in auth service",
        "service": "auth-service",
        "severity": "critical",
        "error_logs": ["HikariPool-1 - Connection is not available", "503 Service Unavailable POST /login"],
        "root_cause": "Connections leaked by an unclosed result set used up the pool",
        "fix": "1. Raised the pool limit from 10 to 50\n2. Restarted the pods: `kubectl rollout restart deployment/auth`",
        "resolution_time_minutes": 45,
    },
    {
        "id": "INC-002",
        "title": "TLS handshakes fail: certificate of the shop expired",
        "service": "ingress",
        "severity": "critical",
        "logs": "x509: certificate has expired or is not yet valid",
        "root_cause": "The renewal ran into a rate limit",
        "resolution": "Renewed the certificate by hand",
        "resolution_time": "25 minutes",
    },
    {
        "id": "INC-003",
        "title": "Login page blocked by CORS after a domain change",
        "service": "web",
        "severity": "high",
        "error_log": "No 'Access-Control-Allow-Origin' header is present",
        "root_cause": "The new domain was not in the list of origins",
        "fix_applied": "Added the domain to the list of allowed origins",
        "resolution_time_minutes": 12,
    },
    {
        "id": "INC-011",
        "title": "Postgres refuses connections: too many clients already",
        "service": "orders-db",
        "severity": "critical",
        "error_logs": "FATAL: sorry, too many clients already",
        "root_cause": "A batch job opened a connection for each order",
        "fix": "Put PgBouncer in front and limited the job",
        "resolution_time_minutes": 70,
    },
    {
        "id": "INC-014",
        "title": "Slow report query: missing index on orders.created_at",
        "service": "reports",
        "severity": "medium",
        "error_logs": "duration: 48211 ms  statement: SELECT * FROM orders",
        "root_cause": "The index was dropped by a migration",
        "fix": "Created the index again",
        "resolution_time_minutes": 20,
    },
    {
        "id": "INC-023",
        "title": "Docker push denied: the ECR token has expired",
        "service": "ci",
        "severity": "low",
        "error_logs": "denied: Your authorization token has expired. Reauthenticate and try again.",
        "root_cause": "The token lives for twelve hours, the build queue was longer",
        "fix": "Log in again right before the push",
        "resolution_time_minutes": 8,
    },
]
FILE: list[dict[str, Any]] = [
    {
        "incident_id": "INC-3F2A91",
        "title": "Cache cluster lost its primary",
        "description": "Reads fell through to the database, p99 at 4.1s, error rate 12%",
        "status": "resolved",
        "root_cause": "Two nodes were on the same host",
        "mitigation_steps": "Promoted the replica; Scaled the database up; Spread the nodes over hosts",
        "created_at": "2025-08-02T10:00:00Z",
        "resolved_at": "2025-08-02T10:40:00Z",
        "ai_analysis": "92% sure it is DNS",
    }
]
