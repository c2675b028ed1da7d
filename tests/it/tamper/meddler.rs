//! Somebody with all rights on the database, who writes past the program.
//! Invariant: whatever was changed is put back before the next change. Never: through the program's own connection.

use greenlane::store::Target;

use crate::spine::node::Where;

/// Every table the record and what follows from it lie in.
pub const TABLES: &[&str] =
    &["acts", "unsealed", "log", "tiles", "checkpoints", "bodies", "cases", "tasks", "waiting", "accounts", "postings", "snapshots", "counters", "documents"];

/// A way into the database.
pub enum Meddler<'p> {
    Sqlite(rusqlite::Connection),
    Postgres(&'p crate::pg::Database),
}

impl<'p> Meddler<'p> {
    pub fn into(place: &'p Where) -> Self {
        match (&place.target, &place.database) {
            (_, Some(database)) => Self::Postgres(database),
            (Target::Sqlite(folder), None) => Self::Sqlite(rusqlite::Connection::open(folder.join("greenlane.db")).unwrap()),
            (Target::Postgres { .. }, None) => panic!("a PostgreSQL place has its database"),
        }
    }

    /// Runs statements.
    pub fn run(&self, sql: &str) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch(sql).unwrap_or_else(|cause| panic!("{sql}: {cause}")),
            Self::Postgres(database) => drop(database.sql(sql)),
        }
    }

    /// The rows of a query over texts and whole numbers.
    pub fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare(sql).unwrap();
                let width = statement.column_count();
                let text = |value: rusqlite::types::Value| match value {
                    rusqlite::types::Value::Integer(number) => number.to_string(),
                    rusqlite::types::Value::Text(text) => text,
                    other => panic!("expected a text or a number, found {other:?}"),
                };
                let rows = statement.query_map([], |row| (0..width).map(|column| row.get(column).map(text)).collect()).unwrap();
                rows.collect::<Result<_, _>>().unwrap()
            }
            Self::Postgres(database) => database.sql(sql).lines().map(|line| line.split('|').map(str::to_owned).collect()).collect(),
        }
    }

    /// A column of bytes, read as hexadecimal digits.
    pub fn hex(&self, column: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("lower(hex({column}))"),
            Self::Postgres(_) => format!("encode({column}, 'hex')"),
        }
    }

    /// A column of an id, likewise.
    pub fn hex_id(&self, column: &str) -> String {
        match self {
            Self::Sqlite(_) => self.hex(column),
            Self::Postgres(_) => format!("replace({column}::text, '-', '')"),
        }
    }

    /// A column of text, likewise.
    pub fn hex_text(&self, column: &str) -> String {
        match self {
            Self::Sqlite(_) => self.hex(column),
            Self::Postgres(_) => self.hex(&format!("convert_to({column}, 'UTF8')")),
        }
    }

    /// Bytes as they are written in a statement.
    pub fn bytes(&self, hex: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("x'{hex}'"),
            Self::Postgres(_) => format!("decode('{hex}', 'hex')"),
        }
    }

    /// An id as it is written in a statement.
    pub fn id(&self, hex: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("x'{hex}'"),
            Self::Postgres(_) => format!("'{hex}'::uuid"),
        }
    }

    /// A text as it is written in a statement.
    pub fn text(&self, hex: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("cast(x'{hex}' as text)"),
            Self::Postgres(_) => format!("convert_from(decode('{hex}', 'hex'), 'UTF8')"),
        }
    }

    /// Keeps a copy of every table under a name.
    pub fn keep(&self, name: &str) {
        for table in TABLES {
            self.run(&format!("create table {name}_{table} as select * from {table}"));
        }
    }

    /// Puts every table back to what was kept.
    pub fn put_back(&self, name: &str) {
        let overriding = match self {
            Self::Sqlite(_) => "",
            Self::Postgres(_) => "overriding system value",
        };
        let text: String = TABLES.iter().map(|table| format!("delete from {table}; insert into {table} {overriding} select * from {name}_{table};")).collect();
        self.run(&format!("begin; {text} commit;"));
    }
}
