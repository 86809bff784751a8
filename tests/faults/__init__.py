"""Load and faults over machines that Linux network namespaces stand for: `make faults`."""
