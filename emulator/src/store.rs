//! The database: one connection, short statements.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tempfile::TempDir;

use crate::problem::Problem;
use crate::workflows;

/// Changes with `schema.sql`.
const SCHEMA: u32 = 3;

/// The database, and the folder of the uploaded files.
pub(crate) struct Store {
    connection: Mutex<Connection>,
    files: PathBuf,
    /// What must live as long as the store: the temporary folder, or the lock on the data folder.
    _keep: Keep,
}

#[expect(dead_code, reason = "held for what their drop does")]
enum Keep {
    Folder(TempDir),
    Lock(File),
}

impl Store {
    /// The store in `folder`, or one that is gone with the process.
    pub(crate) fn open(folder: Option<&Path>) -> io::Result<Self> {
        let (mut connection, files, keep) = match folder {
            Some(folder) => {
                let lock = lock(folder)?;
                let connection = Connection::open(folder.join("emulator.sqlite")).map_err(io::Error::other)?;
                connection.pragma_update(None, "journal_mode", "wal").map_err(io::Error::other)?;
                connection.pragma_update(None, "synchronous", "normal").map_err(io::Error::other)?;
                (connection, folder.join("files"), Keep::Lock(lock))
            }
            None => {
                let temporary = tempfile::Builder::new().prefix("nomkit-emulator-").tempdir()?;
                let files = temporary.path().join("files");
                (Connection::open_in_memory().map_err(io::Error::other)?, files, Keep::Folder(temporary))
            }
        };
        private_folder(&files)?;
        prepare(&connection)?;
        // Or each query is planned anew for each of its parameters, which takes longer than the query.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(io::Error::other)?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.set_transaction_behavior(TransactionBehavior::Immediate);
        Ok(Self { connection: Mutex::new(connection), files, _keep: keep })
    }

    /// Runs `work` in one transaction, which is committed when it succeeds.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, Problem>) -> Result<T, Problem> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    /// Where the bytes of a file are.
    pub(crate) fn file(&self, id: &str) -> PathBuf {
        self.files.join(id)
    }

    /// The folder of the uploaded files.
    pub(crate) fn files(&self) -> &Path {
        &self.files
    }

    /// Forgets everything but the keys.
    pub(crate) fn reset(&self) -> Result<(), Problem> {
        self.with(|transaction| {
            for table in ["artifacts", "messages", "turns", "agent_files", "agents", "workflows", "files", "folders"] {
                transaction.execute(&format!("DELETE FROM {table}"), [])?;
            }
            Ok(workflows::ship(transaction)?)
        })?;
        for file in fs::read_dir(&self.files)? {
            // An upload that is under way may take its own file back first.
            drop(fs::remove_file(file?.path()));
        }
        Ok(())
    }
}

/// Makes the tables, unless an emulator with other tables made this database.
fn prepare(connection: &Connection) -> io::Result<()> {
    let prepare = || {
        let made: u32 = connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))?;
        let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if made > 0 && version != SCHEMA {
            return Ok(false);
        }
        connection.execute_batch(include_str!("schema.sql"))?;
        connection.pragma_update(None, "user_version", SCHEMA)?;
        workflows::ship(connection)?;
        Ok(true)
    };
    match prepare().map_err(|error: rusqlite::Error| io::Error::other(error))? {
        true => Ok(()),
        false => Err(io::Error::other("the folder belongs to another version of the emulator: use a new one")),
    }
}

fn lock(folder: &Path) -> io::Result<File> {
    private_folder(folder)?;
    let lock = File::create(folder.join("lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            Err(io::Error::new(io::ErrorKind::ResourceBusy, format!("another emulator uses {}", folder.display())))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Makes a folder that only its owner may enter; one that exists is made so.
fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
        builder.mode(0o700).create(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
    }
    #[cfg(not(unix))]
    builder.create(folder)
}
