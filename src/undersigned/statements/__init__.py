"""What is endorsed: statements as they are published and as they are held in memory, their texts and passages."""
