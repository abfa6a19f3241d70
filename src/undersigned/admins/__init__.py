"""Those who answer for the number: their keys, and the trail of what they did."""
