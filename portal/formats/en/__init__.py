"""English: day first and a 24-hour clock, which no two readers take for different days."""
