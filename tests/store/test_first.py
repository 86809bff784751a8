def test_opens(store):
    assert store.counts()["incidents"] == 0
