"""The settings come in; nothing else reads them.
An open application goes out, with its store, models, sources, channels and keys put together.
"""
