"""What is to run: scenarios, what the runner offers, and run plans with every default filled in."""
