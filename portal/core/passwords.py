"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes, one lane: the smaller memory setting of OWASP.

    Source: OWASP Password Storage Cheat Sheet, section Argon2id.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
