"""The navigator's workplace: the admin site, its theme, home page and search."""
