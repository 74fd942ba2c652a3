//! Where a socket is, in the few bytes that the kernel takes.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

/// `sun_path` has 108 bytes, one of them the closing NUL (unix(7)).
const MAX_PATH_BYTES: usize = 107;

/// The path of a socket; good for as long as this value is kept.
pub struct Address {
    path: PathBuf,
    _directory: Option<File>,
}

impl Address {
    /// `directory/name`; if that is too long, the same through the open directory's descriptor in `/proc`.
    pub fn of(directory: &Path, name: &str) -> io::Result<Self> {
        let path = directory.join(name);
        if path.as_os_str().len() <= MAX_PATH_BYTES {
            return Ok(Self { path, _directory: None });
        }
        let directory = File::open(directory)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{name}", directory.as_raw_fd()));
        Ok(Self { path, _directory: Some(directory) })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}
