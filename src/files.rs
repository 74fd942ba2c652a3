//! Files that only this user may read, written so that a power cut leaves the old or the new one, never half.
//!
//! Imports `domain`. Called by `keys`, `store`, `tls`.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::domain::random;
use crate::domain::{Error, Kind, Result};

/// Makes `path` and its missing parents, or checks that it can be used; mode 0700 when made.
///
/// # Errors
/// `directory` with the remedy when it cannot be made, is not a directory, belongs to another user, is open to others
/// or cannot be written to.
pub fn private_directory(path: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| directory_error(path, &error))?;
    let metadata = fs::metadata(path).map_err(|error| directory_error(path, &error))?;
    if metadata.mode() & 0o022 != 0 {
        return Err(open_to_others(path));
    }
    let probe = path.join(temporary_name());
    create_new(&probe).map_err(|error| directory_error(path, &error))?;
    // Another process that just took hold of the directory may have removed it.
    remove(&probe)
}

/// Whether [`private_directory`] would succeed; makes nothing.
///
/// # Errors
/// As [`private_directory`].
pub fn look(path: &Path) -> Result<()> {
    let shown = path.display();
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // It will be made, in the nearest directory that there is.
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            return if parent == path { Err(directory_error(path, &error)) } else { look_for_room(path, parent) };
        }
        Err(error) => return Err(directory_error(path, &error)),
    };
    if !metadata.is_dir() {
        return Err(directory_error(path, &ErrorKind::NotADirectory.into()));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(open_to_others(path));
    }
    can_write(path).map_err(|error| directory_error(path, &error))?;
    if is_disk_full(&path.join("file")) {
        return Err(unusable("directory", format!("The disk of {shown} is full.")).hint("Free up space."));
    }
    Ok(())
}

fn look_for_room(path: &Path, parent: &Path) -> Result<()> {
    match fs::metadata(parent) {
        Ok(metadata) if metadata.is_dir() => can_write(parent).map_err(|error| directory_error(path, &error)),
        Ok(_) => Err(directory_error(path, &ErrorKind::NotADirectory.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => match parent.parent() {
            Some(above) if !above.as_os_str().is_empty() => look_for_room(path, above),
            _ => look_for_room(path, Path::new(".")),
        },
        Err(error) => Err(directory_error(path, &error)),
    }
}

/// Whether a file that is there can be read and written; one that is not there could be made.
///
/// # Errors
/// `file` when it belongs to another user, or is a link into a directory that is not there.
pub fn look_at_file(path: &Path) -> Result<()> {
    let open = rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK;
    match rustix::fs::access(path, open).map_err(io::Error::from) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(file_error("read and write", path, &error)),
        Err(_) => match fs::read_link(path) {
            Ok(target) if !path.with_file_name(&target).parent().is_some_and(Path::is_dir) => {
                Err(unusable("file", format!("{} is a link into a directory that is missing.", path.display()))
                    .hint("Bring the directory back (is its disk mounted?), or remove the link."))
            }
            _ => Ok(()),
        },
    }
}

fn can_write(directory: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(directory, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)?)
}

/// Removes what [`write_private`] left behind where the process was killed in mid-write: it may hold keys that are
/// retired since. Only for the process that holds the directory.
///
/// # Errors
/// `file` when one cannot be removed; a missing directory is not an error.
pub fn remove_temporaries(directory: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(directory) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let random = name.to_str().and_then(|name| name.strip_prefix(TEMPORARY));
        if random.is_some_and(|random| random.len() == 32 && random.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Whether the disk of `path` has no room left, for bytes or for files.
pub fn is_disk_full(path: &Path) -> bool {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(disk) = rustix::fs::statvfs(directory) else { return false };
    // Some systems of files have no fixed number of files, and say that there are none.
    disk.f_bavail * disk.f_frsize < LEAST_ROOM || (disk.f_files > 0 && disk.f_favail == 0)
}

/// The content of a private file; `None` when there is no such file.
///
/// # Errors
/// `file` when it cannot be read, is larger than `limit` bytes, or may be read by other users.
pub fn read_private(path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
    read(path, limit, 0o077)
}

/// As [`read_private`], for a file that a service manager gives: systemd lets a service read its credentials by an
/// access control list, which shows as a permission of the group's.
///
/// # Errors
/// As [`read_private`].
pub fn read_given(path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
    read(path, limit, 0o007)
}

fn read(path: &Path, limit: u64, forbidden: u32) -> Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file_error("read", path, &error)),
    };
    let shown = path.display();
    let mode = file.metadata().map_err(|error| file_error("read", path, &error))?.mode();
    if mode & forbidden != 0 {
        return Err(unusable("file", format!("Other users can read the secret file {shown}."))
            .hint(format!("If nobody else has read it, run: chmod 600 {shown}")));
    }
    let mut content = Vec::new();
    file.take(limit + 1).read_to_end(&mut content).map_err(|error| file_error("read", path, &error))?;
    if content.len() as u64 > limit {
        return Err(
            unusable("file", format!("The file {shown} is too large to be valid.")).hint("Restore it from a backup.")
        );
    }
    Ok(Some(content))
}

/// Writes a file of mode 0600 in place of what is there; on disk when this returns.
///
/// # Errors
/// `file` when it cannot be written.
pub fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let temporary = directory.join(temporary_name());
    let written = create_new(&temporary)
        .and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&temporary, path))
        .and_then(|()| File::open(directory)?.sync_all());
    written.map_err(|error| {
        // The message tells of the first failure; a temporary file that stays behind is harmless.
        let _ = fs::remove_file(&temporary);
        file_error("write", path, &error)
    })
}

/// Makes the empty file `path` with mode 0600 unless it exists; SQLite gives its side files the same mode.
///
/// # Errors
/// `file` when it cannot be made.
pub fn ensure_private(path: &Path) -> Result<()> {
    match create_new(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(file_error("write", path, &error)),
    }
}

/// Removes a file; a missing one is not an error.
///
/// # Errors
/// `file` when it cannot be removed.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(file_error("remove", path, &error)),
        _ => Ok(()),
    }
}

fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Less room than this is none: SQLite needs some pages to begin with.
const LEAST_ROOM: u64 = 128 * 1024;

const TEMPORARY: &str = ".new-";

fn temporary_name() -> String {
    format!("{TEMPORARY}{:032x}", u128::from_ne_bytes(random::bytes()))
}

fn open_to_others(path: &Path) -> Error {
    let shown = path.display();
    unusable("directory", format!("Other users can write to the directory {shown}."))
        .hint(format!("Run: chmod 700 {shown}"))
}

fn directory_error(path: &Path, error: &io::Error) -> Error {
    let shown = path.display();
    let hint = match error.kind() {
        ErrorKind::PermissionDenied => {
            "Make the user that runs callqr its owner (chown), or choose another directory with --data-dir."
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "Free up space, or choose a directory on another disk with --data-dir."
        }
        _ => "Choose another directory with --data-dir.",
    };
    unusable("directory", format!("The directory {shown} cannot be used: {error}.")).hint(hint)
}

fn file_error(verb: &str, path: &Path, error: &io::Error) -> Error {
    let hint = match error.kind() {
        ErrorKind::PermissionDenied => {
            "Make the user that runs callqr the owner of the file and its directory (chown)."
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "Free up disk space.",
        _ => "Check the disk and the directory.",
    };
    unusable("file", format!("Cannot {verb} {}: {error}.", path.display())).hint(hint)
}

fn unusable(code: &'static str, message: String) -> Error {
    Error::new(Kind::Unavailable, code, message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_private() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("a/b");
        private_directory(&directory).unwrap();
        let file = directory.join("secret");
        write_private(&file, b"one").unwrap();
        write_private(&file, b"two").unwrap();
        assert_eq!((mode(&directory), mode(&file)), (0o700, 0o600));
        assert_eq!(read_private(&file, 10).unwrap().unwrap(), b"two");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "a temporary file stayed behind");
        assert!(read_private(&directory.join("none"), 10).unwrap().is_none());
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        for name in [&*temporary_name(), ".new-", ".new-of-somebody", "other"] {
            fs::write(root.path().join(name), b"keys").unwrap();
        }
        remove_temporaries(root.path()).unwrap();
        remove_temporaries(&root.path().join("none")).unwrap();
        let mut left: Vec<_> = fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".new-", ".new-of-somebody", "other"]);
    }

    #[test]
    fn open_or_oversized_files_are_refused_with_a_remedy() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("secret");
        write_private(&file, b"12345").unwrap();
        assert_eq!(read_private(&file, 4).unwrap_err().code, "file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(read_private(&file, 10).unwrap_err().hint.contains("chmod 600"));
    }

    #[test]
    fn directories_that_cannot_be_used_are_refused_with_a_remedy() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, b"").unwrap();
        let error = private_directory(&file.join("below")).unwrap_err();
        assert!(error.code == "directory" && error.hint.contains("--data-dir"), "{error}");
        let open = root.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(private_directory(&open).unwrap_err().hint.contains("chmod 700"));
    }
}
