"""The JSON that people and scripts rely on: domain objects come in, response models go out.
Keys are added, never renamed.
"""
