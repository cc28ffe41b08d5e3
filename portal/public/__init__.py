"""What a visitor sees without logging in."""
