"""The driver of Tenter: reads scenarios, runs one child process per case, and writes reports."""

__version__ = "0.1.0"
