"""Names of labels are cleaned like their values: a database takes no NUL in either."""

from onrecall.sources.field_readers import labels_from_value


def test_a_label_with_a_nul_in_its_name_can_be_stored():
    assert labels_from_value([{"tag": "rack\0row", "value": "7\0b"}]) == {"rack\ufffdrow": "7\ufffdb"}
    assert labels_from_value({"rack\0row": "7"}) == {"rack\ufffdrow": "7"}
