"""What the driver finds on this machine and starts on it: flavours, models, peers, facts, and child processes."""
