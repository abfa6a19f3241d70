"""Station 6: what partners, readers and admins get to see."""
