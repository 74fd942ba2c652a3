#![allow(clippy::unwrap_used)]

use super::secrets::Secrets;
use super::*;

fn keys() -> (tempfile::TempDir, Keys) {
    let directory = tempfile::tempdir().unwrap();
    let keys = Keys::open(directory.path()).unwrap();
    (directory, keys)
}

#[test]
fn a_value_opens_only_where_it_was_sealed() {
    let (_directory, keys) = keys();
    let sealed = keys.seal(Field::TagLabel, &[1; 16], "Blue van");
    assert_eq!(keys.open_field(Field::TagLabel, &[1; 16], &sealed).unwrap(), "Blue van");
    assert!(keys.open_field(Field::TagPublicText, &[1; 16], &sealed).is_err(), "another column");
    assert!(keys.open_field(Field::TagLabel, &[2; 16], &sealed).is_err(), "another row");
    assert!(self::keys().1.open_field(Field::TagLabel, &[1; 16], &sealed).is_err(), "another installation");
    assert_ne!(sealed, keys.seal(Field::TagLabel, &[1; 16], "Blue van"), "equal texts must not look equal");
}

#[test]
fn damaged_bytes_are_an_error_at_every_place() {
    let (_directory, keys) = keys();
    let sealed = keys.seal(Field::TagLabel, &[1; 16], "x");
    for at in 0..sealed.len() {
        let mut damaged = sealed.clone();
        damaged[at] ^= 1;
        assert!(keys.open_field(Field::TagLabel, &[1; 16], &damaged).is_err(), "byte {at}");
        assert!(keys.open_field(Field::TagLabel, &[1; 16], &sealed[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn every_purpose_has_its_own_key_and_the_keys_outlive_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let first = Keys::open(&path).unwrap();
    let second = Keys::open(&path).unwrap();
    assert_eq!(first.ticket_key(), second.ticket_key());
    assert_eq!(first.check.expose(), second.check.expose());
    assert_ne!(first.ticket_key(), *first.check.expose());
    let name = Username::parse("ada").unwrap();
    assert_eq!(first.username_index(&name), second.username_index(&name));
    assert_ne!(first.username_index(&name), first.username_index(&Username::parse("ade").unwrap()));
    assert_ne!(first.ticket_key(), Keys::open(&directory.path().join("other")).unwrap().ticket_key());
}

#[test]
fn a_damaged_key_file_is_refused_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    for bytes in [&[0_u8; 32][..], &[], b"callqr keys 2\n"] {
        files::write_private(&path, bytes).unwrap();
        let error = Keys::open(directory.path()).map(|_| ()).unwrap_err();
        assert_eq!((error.code, std::fs::read(&path).unwrap()), ("file", bytes.to_vec()));
    }
}

#[test]
fn a_given_key_file_is_read_and_never_changed() {
    let directory = tempfile::tempdir().unwrap();
    let (own, given) = (directory.path().join("keys"), directory.path().join("given"));
    assert_eq!(Keys::open_given(&own, Some(&given)).map(|_| ()).unwrap_err().code, "file");
    let secrets = Secrets::random();
    let text = secrets.to_text().expose().clone();
    files::write_private(&given, text.as_bytes()).unwrap();
    let keys = Keys::open_given(&own, Some(&given)).unwrap();
    assert_eq!(std::fs::read_to_string(&given).unwrap(), text);
    assert_eq!(std::fs::read_dir(&own).unwrap().count(), 0, "no keys of its own are made");
    assert_eq!(keys.ticket_key(), *secrets.lasting("call tickets").expose());
}

#[test]
fn a_credential_is_used_where_the_service_manager_gives_one() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(credential(None), None);
    assert_eq!(credential(Some(directory.path())), None);
    let path = directory.path().join("callqr-master-key");
    files::write_private(&path, b"keys").unwrap();
    assert_eq!(credential(Some(directory.path())), Some(path));
}
