"""What an alert, an incident, a document, evidence and a recommendation are, without any I/O.
Plain values come in, plain values go out.
"""
