"""What holders are told: the rows that letters speak of (news), and their words (letters)."""
