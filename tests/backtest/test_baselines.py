"""The baselines, against the formula and by hand."""

import math
import random
from collections import Counter

import numpy as np

from onrecall.backtest.baselines import K1, QUESTION_BATCH, B, Bm25, Cosine, UsualCause

WORDS = ["disk", "full", "queue", "slow", "login", "timeout", "node"]


def by_formula(texts: dict[str, str], question: str) -> list[str]:
    split = {name: text.split() for name, text in texts.items()}
    usual = sum(map(len, split.values())) / len(split)
    scores = {}
    for name, words in split.items():
        score = 0.0
        for term in set(question.split()):
            having = sum(term in document_words for document_words in split.values())
            often = words.count(term)
            idf = math.log(1 + (len(split) - having + 0.5) / (having + 0.5))
            score += idf * often * (K1 + 1) / (often + K1 * (1 - B + B * len(words) / usual))
        if score > 0:
            scores[name] = score
    return sorted(scores, key=lambda name: -scores[name])


def test_bm25_is_bm25_even_after_texts_were_replaced():
    dice = random.Random(3)
    bm25, texts = Bm25(), {}
    for n in range(60):
        name = f"I{n % 25}"
        texts[name] = " ".join(dice.choices(WORDS, k=dice.randrange(3, 20)))
        bm25.upsert(name, texts[name])
    answer = bm25.answer("disk full login", 25)
    assert Counter(answer) == Counter(by_formula(texts, "disk full login"))
    assert list(answer[:5]) == by_formula(texts, "disk full login")[:5]


def test_bm25_knows_english_endings_and_nothing_when_empty():
    bm25 = Bm25()
    assert bm25.answer("anything", 3) == ()
    bm25.upsert("A", "connections refused")
    assert bm25.answer("connection is refusing", 3) == ("A",)
    assert bm25.answer("bananas", 3) == ()


def test_the_usual_cause_is_that_of_the_service_and_elsewhere_that_of_all():
    usual = UsualCause()
    assert usual.answer("mail", 3) == ()
    for service, cause in (("mail", "Disk-Full"), ("mail", "cert"), ("mail", "disk_full"), ("web", "leak")):
        usual.learn(service, cause)
    assert usual.answer("mail", 3) == ("disk full", "cert")
    assert usual.answer("web", 1) == ("leak",)
    assert usual.answer("new one", 1) == ("disk full",)


def test_cosine_names_the_owner_of_the_nearest_passage_once():
    cosine = Cosine(4, 5)
    rows = np.eye(4, dtype="<f2")
    cosine.add("A", [rows[0].tobytes(), rows[1].tobytes()])
    for n in range(300):
        cosine.add(f"far {n}", [(-rows[0]).tobytes()])
    cosine.add("B", [rows[2].tobytes()])
    question = np.array([0.9, 0.3, 0.4, 0], np.float32)
    cosine.ask(question)
    cosine.add("C", [rows[0].tobytes()])
    for _ in range(QUESTION_BATCH):
        cosine.ask(question)
    assert cosine.answers() == [("A", "B"), *[("A", "C", "B")] * QUESTION_BATCH], (
        "each of what was there when it was asked"
    )
