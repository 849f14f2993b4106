"""The verbs of the command line that are no part of bench; one module each, named after its verb."""
