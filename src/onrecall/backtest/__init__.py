"""A history comes in and is replayed in time order through the pipeline;
a report of hit rates, calibration and errors goes out.
"""
