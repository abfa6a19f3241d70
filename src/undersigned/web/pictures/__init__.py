"""The numbers as pictures: where everything goes in a badge or a card, and what letters and colours it is drawn with."""
