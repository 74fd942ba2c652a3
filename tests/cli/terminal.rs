//! What happens only at a terminal: a pseudo-terminal, in which the binary runs as a person runs it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::appliances::TestApp;

/// A terminal with a command in it.
struct Terminal {
    keyboard: File,
    line: File,
    screen: String,
    child: Child,
}

impl Terminal {
    fn start(data: &Path, columns: u16, words: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        tcsetwinsize(&master, Winsize { ws_row: 100, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let end = || File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let child = Command::new("setsid")
            .args(["--ctty", "--wait", env!("CARGO_BIN_EXE_callqr"), "--data-dir"])
            .arg(data)
            .args(words)
            .current_dir(data)
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        Self { keyboard: File::from(master), line: end(), screen: String::new(), child }
    }

    /// Reads the screen until it shows `part`.
    fn see(&mut self, part: &str) {
        let mut bytes = [0; 4096];
        while !self.screen.contains(part) {
            let read = self.keyboard.read(&mut bytes).unwrap_or(0);
            assert_ne!(read, 0, "it ended: {}", self.screen);
            self.screen.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
    }

    /// Types a secret, when the terminal has stopped to show what is typed.
    fn answer(&mut self, keys: &str) {
        while tcgetattr(&self.line).unwrap().local_modes.contains(LocalModes::ECHO) {
            std::thread::yield_now();
        }
        self.press(keys);
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for the end; everything that was on the screen, and the exit code.
    fn end(mut self) -> (String, i32) {
        drop(self.line);
        let mut rest = Vec::new();
        // A terminal whose last program has left answers with an error; what came before counts.
        let _ = self.keyboard.read_to_end(&mut rest);
        self.screen.push_str(&String::from_utf8_lossy(&rest));
        (self.screen, self.child.wait().unwrap().code().unwrap_or(-1))
    }
}

/// The QR code that the lines of a screen show, read by a scanner that we did not write.
fn scan(screen: &str) -> String {
    const INK: &str = "\x1b[38;5;16;48;5;231m";
    let lines: Vec<Vec<char>> = screen
        .lines()
        .filter_map(|line| Some(line.trim_end().strip_prefix(INK)?.trim_end_matches("\x1b[0m").chars().collect()))
        .collect();
    let (side, scale) = (lines[0].len(), 6);
    let mut pixels = Vec::with_capacity(side * scale * side * scale);
    for y in 0..side * scale {
        for x in 0..side * scale {
            let row = y / scale;
            let dark = match lines[row / 2][x / scale] {
                '█' => true,
                '▀' => row % 2 == 0,
                '▄' => row % 2 == 1,
                _ => false,
            };
            pixels.push(if dark { 0 } else { 255 });
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("screen.pgm");
    let head = format!("P5 {0} {0} 255\n", side * scale);
    std::fs::write(&file, [head.as_bytes(), &pixels].concat()).unwrap();
    let run = Command::new("zbarimg").args(["--quiet", "--raw", "--nodbus"]).arg(&file).output();
    let output = run.expect("this test needs zbarimg: apt-get install zbar-tools");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[tokio::test]
async fn a_new_tag_is_shown_as_a_code_that_a_phone_reads() {
    let server = TestApp::start().await;
    server.owner().await;
    let data = server.data_dir();
    let (screen, code) = tokio::task::spawn_blocking({
        let data = data.clone();
        move || Terminal::start(&data, 120, &["tag", "new", "ada"]).end()
    })
    .await
    .unwrap();
    assert_eq!(code, 0, "{screen}");
    let link = screen.lines().map(str::trim).find(|line| line.starts_with("https://")).unwrap();
    assert_eq!(scan(&screen), link);

    let narrow = move || Terminal::start(&data, 40, &["tag", "new", "ada"]).end();
    let (screen, code) = tokio::task::spawn_blocking(narrow).await.unwrap();
    assert!(code == 0 && screen.contains("this terminal has 40") && !screen.contains('█'), "{screen}");
    assert!(screen.contains("carries no key"), "{screen}");
}

#[tokio::test]
async fn a_password_is_typed_twice_and_never_shown() {
    let server = TestApp::start().await;
    server.owner().await;
    let data = server.data_dir();
    let talk = move || {
        let mut terminal = Terminal::start(&data, 80, &["user", "add", "bob"]);
        terminal.see("New password");
        terminal.answer("four unrelated words\n");
        terminal.see("Repeat the password: ");
        terminal.answer("four unrelated words\n");
        let (screen, code) = terminal.end();
        assert!(code == 0 && screen.contains("bob can log in."), "{screen}");
        assert!(!screen.contains("unrelated"), "{screen}");

        let mut terminal = Terminal::start(&data, 80, &["user", "reset-password", "bob"]);
        terminal.see("does not unlock the keys");
        terminal.see("New password");
        terminal.answer("four unrelated words\n");
        terminal.see("Repeat the password: ");
        terminal.answer("for unrelated words\n");
        let (screen, code) = terminal.end();
        assert!(code == 4 && screen.contains("do not match"), "{screen}");

        // Ctrl-C ends it, and the terminal shows again what is typed.
        let mut terminal = Terminal::start(&data, 80, &["user", "reset-password", "bob"]);
        terminal.see("New password");
        terminal.answer("\x03");
        assert_eq!(terminal.child.wait().unwrap().code(), Some(4));
        assert!(tcgetattr(&terminal.line).unwrap().local_modes.contains(LocalModes::ECHO));
    };
    tokio::task::spawn_blocking(talk).await.unwrap();
    server.client.log_in("bob", "four unrelated words").await.ok();
}

#[tokio::test]
async fn deleting_asks_first() {
    let server = TestApp::start().await;
    server.owner().await;
    let data = server.data_dir();
    let talk = move || {
        for (keys, code, part) in
            [("\n", 4, "Nothing was done."), ("n\n", 4, "Nothing"), ("y\n", 0, "ada is deleted; 1 session")]
        {
            let mut terminal = Terminal::start(&data, 80, &["user", "delete", "ada"]);
            terminal.see("[y/N] ");
            terminal.press(keys);
            let (screen, ended) = terminal.end();
            assert!(ended == code && screen.contains(part), "{screen}");
        }
    };
    tokio::task::spawn_blocking(talk).await.unwrap();
}
