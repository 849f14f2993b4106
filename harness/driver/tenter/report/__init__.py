"""A run told to people and machines: pages, JUnit, the terminal, and how sure a green cell may be."""
