"""What an alert, an incident, a document, evidence and a recommendation are.
No I/O: plain values come in, plain values go out.
"""
