"""Requests of clients made for RecallOps, IncidentOS AI, RAG of Fire and Hindsight come in.
Answers in the form that those clients expect go out.
"""
