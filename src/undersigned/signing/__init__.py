"""Stations 1 and 3, and what follows: claims, confirming, review, and what endorsers do about their endorsement."""
