"""Near duplicates: the same opening but for ids, times and numbers; never two faults, services or pages."""

from datetime import UTC, datetime

import pytest

from onrecall.domain.document import Document
from onrecall.domain.incident import Incident
from onrecall.retrieval.near_duplicates import Opening, read_opening

AT = datetime(2026, 5, 4, 8, tzinfo=UTC)
REPEATED = [
    (
        Opening(
            "KubePodCrashLooping shop-api-x7k2q", "Pod shop/shop-api-5d8f9c7b6d-x7k2q restarts, OOMKilled, exit 137."
        ),
        Opening(
            "KubePodCrashLooping shop-api-9wlpt", "Pod shop/shop-api-5d8f9c7b6d-9wlpt restarts, OOMKilled, exit 137."
        ),
    ),
    (
        Opening("Nightly build #4711 failed", "runner-3: cannot connect to the docker daemon, job 5511223"),
        Opening("Nightly build #4719 failed", "runner-8: cannot connect to the docker daemon, job 5511999"),
    ),
    (
        Opening("磁盘空间不足", "日志分区只剩 2 % 的空间, 2026-05-04 08:11:02"),
        Opening("磁盘空间不足", "日志分区只剩 3 % 的空间, 2026-06-11 17:40:55"),
    ),
]
APART = [
    (
        Opening(
            "KubeCPUOvercommit",
            "Cluster has overcommitted resource requests for Pods and cannot tolerate node failure.",
        ),
        Opening(
            "KubeMemoryOvercommit",
            "Cluster has overcommitted resource requests for Pods and cannot tolerate node failure.",
        ),
    ),
    (
        Opening("Request failed", "The upstream answered with status 500 after 3 tries"),
        Opening("Request failed", "The certificate of the gateway has expired since Monday"),
    ),
    (Opening("High error rate", "5xx above 2 %", "checkout"), Opening("High error rate", "5xx above 2 %", "payments")),
    (Opening("4711"), Opening("4712")),
]


@pytest.mark.parametrize(("first", "second"), REPEATED)
def test_what_differs_in_ids_times_and_numbers_is_a_near_duplicate(first: Opening, second: Opening) -> None:
    assert first.is_near_duplicate(second)
    assert second.is_near_duplicate(first)


@pytest.mark.parametrize(("first", "second"), APART)
def test_another_fault_or_service_is_none(first: Opening, second: Opening) -> None:
    assert not first.is_near_duplicate(second)
    assert not second.is_near_duplicate(first)


def test_a_service_that_only_one_names_tells_nothing_apart() -> None:
    assert Opening("High error rate", "5xx", "checkout").is_near_duplicate(Opening("High error rate", "5xx"))


def test_an_incident_has_an_opening_and_a_page_has_none() -> None:
    assert read_opening(Incident("A", "High error rate", AT, "5xx")) is not None
    assert read_opening(Document("D", "High error rate", "What to do about 5xx")) is None
