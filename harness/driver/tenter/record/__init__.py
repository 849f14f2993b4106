"""What a run leaves behind: findings, results, counts, and the folders under out/ that keep them."""
