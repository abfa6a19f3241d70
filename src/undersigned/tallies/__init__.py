"""Station 5: what is counted, held in memory and encoded; what may be broken down; and how charts are drawn of it."""
