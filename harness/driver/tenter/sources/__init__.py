"""The checks of the sources: house rules, layers, and the contracts that tests cite."""
