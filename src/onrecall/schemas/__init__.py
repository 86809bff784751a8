"""Domain objects come in.
The JSON that people and scripts rely on goes out; keys are added, never renamed.
"""
