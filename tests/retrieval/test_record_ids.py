"""Ids of records name a record, and say nothing of what broke."""

import pytest

from onrecall.domain.situation import make_situation
from onrecall.retrieval.query import parse_situation
from onrecall.retrieval.record_ids import find_id_candidates, strip_ids, strip_ticket_ids


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("INC-1234 mill stops", "mill stops"),
        ("mill stops, see PM-2025-17 and inc_88", "mill stops, see and"),
        ("INC0012345: mill stops", ": mill stops"),
        (
            "ORA-00600 in mill-db-2 after pm2 restart, PM is late",
            "ORA-00600 in mill-db-2 after pm2 restart, PM is late",
        ),
        ("https://wiki.example/INC-12 explains it", "https://wiki.example/INC-12 explains it"),
        ("INC-1234", "INC-1234"),
    ],
)
def test_ids_of_tickets_are_left_out_and_codes_stay(text, rest):
    assert " ".join(strip_ticket_ids(text).split()) == rest


def test_given_ids_are_left_out_whole():
    assert strip_ids("MILL-7 is not MILL-77 or x-MILL-7", {"MILL-7"}).split() == [
        "is",
        "not",
        "MILL-77",
        "or",
        "x-MILL-7",
    ]
    assert find_id_candidates("MILL-7 at 12-30 on mill-db, MILL-7, v1.2") == ("MILL-7",)


def test_an_id_is_no_error_code_of_a_question():
    codes = parse_situation(make_situation("ERROR in INC-4711: DNS-4012 from the resolver")).codes
    assert list(codes.values()) == ["DNS-4012"]
