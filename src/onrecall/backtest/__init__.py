"""A history of resolved incidents comes in, and is replayed in time order through the pipeline.
A report goes out: hit rates, calibration, errors, and what better data would change.
"""
