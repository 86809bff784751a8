"""Keeps linear algebra to one thread: those that wait for each other on a busy machine spend more than they compute."""

import os

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # which numpy reads when it is imported, and every process begun here
