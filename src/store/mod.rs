//! One unit of work over SQLite or PostgreSQL.
