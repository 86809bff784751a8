"""OnRecall: the incident memory for people on call."""

import os

__version__ = "0.2.0"

# Libraries that call home read this when they are first loaded, which is too late for any call of theirs to stop it.
# It holds for the processes begun from this one too. Whoever embeds OnRecall imports it before onnxruntime.
os.environ |= {
    "ORT_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ANONYMIZED_TELEMETRY": "False",  # ChromaDB, which `onrecall bench speed` races
}
