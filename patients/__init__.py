"""People: patients, specialists, and what they told us. Knows no other app."""
