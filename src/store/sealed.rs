//! Sealed values and the keys that sealed them: which are in use, and how to put others in their place.
//!
//! A sealed value begins with the id of its key, in one byte.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::Store;
use crate::domain::Result;

/// A column of sealed values, each bound to the 16 bytes that name its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SealedColumn {
    /// The table.
    pub table: &'static str,
    /// The column with the id that values are bound to; unique.
    pub row: &'static str,
    /// The column itself; its name ends in `_sealed`.
    pub column: &'static str,
}

/// A value, where it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedValue {
    /// Its row.
    pub row: [u8; 16],
    /// Key id and ciphertext.
    pub sealed: Vec<u8>,
}

/// A key that seals fields, as the database knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldKey {
    /// What values name it by.
    pub id: u8,
    /// Tells this key from others of the same id.
    pub proof: [u8; 32],
}

/// How the keys that the database knows compare with those at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// Every key in use is at hand; these at hand are retired.
    Fits {
        /// Their ids.
        retired: Vec<u8>,
    },
    /// A key in use is missing, or is another one.
    Differs,
}

/// What tells of sealed values in general.
pub struct SealedTable<'a>(pub(super) &'a Store);

impl SealedTable<'_> {
    /// Compares the keys in use with those at hand, and notes those that are new. `columns` are all there are.
    ///
    /// # Errors
    /// The database's.
    pub async fn register(&self, at_hand: Vec<FieldKey>, columns: Vec<SealedColumn>) -> Result<Match> {
        self.0.writer.transaction(move |transaction| register(transaction, &at_hand, &columns)).await
    }

    /// At most `most` values of a column that another key than `newest` has sealed.
    ///
    /// # Errors
    /// The database's.
    pub async fn stale(&self, column: SealedColumn, newest: u8, most: u32) -> Result<Vec<SealedValue>> {
        self.0
            .reader
            .transaction(move |transaction| {
                let SealedColumn { table, row, column } = column;
                let sql = format!("SELECT {row}, {column} FROM {table} WHERE substr({column}, 1, 1) <> ?1 LIMIT ?2");
                let mut statement = transaction.prepare_cached(&sql)?;
                let values = statement.query_map(params![[newest], most], |row| {
                    Ok(SealedValue { row: row.get(0)?, sealed: row.get(1)? })
                })?;
                Ok(values.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// At most `most` values of a column in the order of their rows, beginning behind the row `after`.
    ///
    /// # Errors
    /// The database's.
    pub async fn page(&self, column: SealedColumn, after: Option<[u8; 16]>, most: u32) -> Result<Vec<SealedValue>> {
        self.0
            .reader
            .transaction(move |transaction| {
                let SealedColumn { table, row, column } = column;
                let sql = format!(
                    "SELECT {row}, {column} FROM {table} WHERE {row} > ?1 AND {column} IS NOT NULL ORDER BY {row} LIMIT ?2"
                );
                let mut statement = transaction.prepare_cached(&sql)?;
                // No row is called by no bytes at all.
                let after = after.map_or(Vec::new(), Vec::from);
                let values = statement
                    .query_map(params![after, most], |row| Ok(SealedValue { row: row.get(0)?, sealed: row.get(1)? }))?;
                Ok(values.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// Puts new values in the place of old ones, unless those were changed meanwhile. Pairs are old and new.
    ///
    /// # Errors
    /// The database's.
    pub async fn replace(&self, column: SealedColumn, values: Vec<(SealedValue, Vec<u8>)>) -> Result<()> {
        self.0
            .writer
            .transaction(move |transaction| {
                let SealedColumn { table, row, column } = column;
                let sql = format!("UPDATE {table} SET {column} = ?3 WHERE {row} = ?1 AND {column} = ?2");
                let mut statement = transaction.prepare_cached(&sql)?;
                for (old, new) in &values {
                    statement.execute(params![old.row, old.sealed, new])?;
                }
                Ok(())
            })
            .await
    }

    /// Refuses values of this key from now on, unless one is left; whether it is retired.
    ///
    /// # Errors
    /// The database's.
    pub async fn retire(&self, id: u8, columns: Vec<SealedColumn>) -> Result<bool> {
        self.0
            .writer
            .transaction(move |transaction| {
                for column in &columns {
                    if uses(transaction, column, "=", &[id])? {
                        return Ok(false);
                    }
                }
                transaction.execute("UPDATE field_keys SET retired = 1 WHERE id = ?1", [[id]])?;
                Ok(true)
            })
            .await
    }

    /// Every column that holds sealed values, by table and name, as the schema says.
    ///
    /// # Errors
    /// The database's.
    pub async fn columns(&self) -> Result<Vec<(String, String)>> {
        self.0.reader.transaction(|transaction| Ok(columns(transaction)?)).await
    }
}

/// Makes the database refuse values of retired keys, on this connection: a request that sealed its text before a key was
/// retired, and comes to write it afterwards, would write what no one can read.
pub(super) fn guard(connection: &Connection) -> rusqlite::Result<()> {
    for (table, column) in columns(connection)? {
        for (name, event) in [("insert", "INSERT"), ("update", &*format!("UPDATE OF {column}"))] {
            connection.execute_batch(&format!(
                "CREATE TEMP TRIGGER {table}_{column}_{name} BEFORE {event} ON main.{table} \
                 WHEN EXISTS (SELECT 1 FROM main.field_keys WHERE id = substr(NEW.{column}, 1, 1) AND retired) \
                 BEGIN SELECT RAISE(ABORT, '{RETIRED}'); END"
            ))?;
        }
    }
    Ok(())
}

/// What the database says when it refuses a value of a retired key.
pub(super) const RETIRED: &str = "sealed with a retired key";

fn columns(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let sql = "SELECT t.name, c.name FROM main.sqlite_schema AS t JOIN pragma_table_info(t.name) AS c \
               WHERE t.type = 'table' AND c.name LIKE '%\\_sealed' ESCAPE '\\' ORDER BY 1, 2";
    let mut statement = connection.prepare(sql)?;
    let columns = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    columns.collect()
}

fn register(transaction: &Transaction<'_>, at_hand: &[FieldKey], columns: &[SealedColumn]) -> Result<Match> {
    let ids: Vec<u8> = at_hand.iter().map(|key| key.id).collect();
    for column in columns {
        if uses(transaction, column, "NOT IN", &ids)? {
            return Ok(Match::Differs);
        }
    }
    if !super::setup::any_account(transaction)? {
        transaction.execute("DELETE FROM field_keys", [])?;
    }
    let mut retired = Vec::new();
    for key in at_hand {
        let known = transaction
            .prepare_cached("SELECT proof, retired FROM field_keys WHERE id = ?1")?
            .query_row([[key.id]], |row| Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, bool>(1)?)))
            .optional()?;
        match known {
            Some((proof, true)) if proof == key.proof => retired.push(key.id),
            Some((proof, false)) if proof == key.proof => {}
            Some((_, false)) => return Ok(Match::Differs),
            // New; or its id was another key's that is retired for long.
            None | Some((_, true)) => {
                let sql = "INSERT OR REPLACE INTO field_keys (id, proof, retired) VALUES (?1, ?2, 0)";
                transaction.execute(sql, params![[key.id], key.proof])?;
            }
        }
    }
    Ok(Match::Fits { retired })
}

/// Whether a value of the column has a key id that `compares` with `ids`.
fn uses(transaction: &Transaction<'_>, column: &SealedColumn, compares: &str, ids: &[u8]) -> Result<bool> {
    let SealedColumn { table, column, .. } = column;
    let list: Vec<_> = ids.iter().map(|id| format!("x'{id:02x}'")).collect();
    let list = list.join(", ");
    let operand = if compares == "=" { list } else { format!("({list})") };
    let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE substr({column}, 1, 1) {compares} {operand})");
    Ok(transaction.query_row(&sql, [], |row| row.get(0))?)
}
