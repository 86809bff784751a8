"""Kafka: alerts come in from topics as from senders, and recommendations may go out to one. Needs the extra `kafka`."""
