"""The HTTP dialects of RecallOps, IncidentOS AI and RAG of Fire: their requests come in, their answers go out."""
