"""The cases of a run: a few at a time, each in a child process of its own, and what each concludes."""
