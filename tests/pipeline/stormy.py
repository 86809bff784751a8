"""A shop of twelve services and the alerts of its outages."""

from datetime import UTC, datetime, timedelta

from onrecall.domain.alert import Alert

START = datetime(2026, 6, 1, 8, tzinfo=UTC)
SERVICES = [f"shop-{name}" for name in (
    "database", "orders", "cart", "payments", "search", "users", "mail", "stock", "prices", "reviews", "gateway", "web",
)]  # fmt: skip
NEEDS = {name: ["shop-database"] for name in SERVICES[1:10]} | {
    "shop-gateway": SERVICES[1:10],
    "shop-web": ["shop-gateway"],
}
NAMES = ("HighLatency", "HighErrorRate", "QueueGrows")


def alert(key: str, service: str, *, at: datetime = START, name: str = "HighLatency", **more: object) -> Alert:
    labels = {"alertname": name, "service": service, "cluster": "eu-1", "instance": key}
    return Alert(
        **{
            "source": "alertmanager",
            "key": key,
            "title": f"{name} on {service}",
            "starts_at": at,
            "service": service,
            "environment": "production",
            "severity": "high",
            "labels": labels,
        }
        | more
    )


def storm(n: int = 500, at: datetime = START) -> list[Alert]:
    """Alerts of twelve services within a minute; the database is first."""
    return [
        alert(f"a{i}", SERVICES[i % len(SERVICES)], at=at + timedelta(seconds=60 * i / n), name=NAMES[i // 12 % 3])
        for i in range(n)
    ]
