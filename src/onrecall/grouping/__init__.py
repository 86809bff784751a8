"""Alert → the incident it belongs to, with reasons. Pure: no database, no clock."""
