use std::fs::{self, File};
use std::time::SystemTime;

use super::*;

fn acquire(folder: &Path, parts: &[usize]) -> Result<PartClaims, StorageError> {
    PartClaims::acquire(folder, parts, &mut |_| ())
}

/// Writes the claim of a process on another machine, with its count.
fn write_foreign_claim(folder: &Path, part: usize) -> PathBuf {
    let owner = ClaimOwner::elsewhere(5);
    let claim = folder.join(format!("part-{part:03}.claim"));
    fs::write(&claim, serde_json::to_vec(&owner).unwrap()).unwrap();
    let count = folder.join("claims-5.alive");
    fs::write(&count, "1").unwrap();
    // The clock of the other machine is wrong by a day.
    for (path, time) in [
        (&claim, SystemTime::now() + Duration::from_secs(86_400)),
        (&count, SystemTime::now() - Duration::from_secs(86_400)),
    ] {
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }
    count
}

#[test]
fn part_is_claimed_once_until_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let first = acquire(&path, &[2]).unwrap();
    let error = acquire(&path, &[1, 2]).unwrap_err();
    assert!(matches!(error, StorageError::PartInUse { part: 2, .. }), "{error}");
    // The failed attempt left no claim of part 1.
    let other = acquire(&path, &[1, 3]).unwrap();
    drop((first, other));
    acquire(&path, &[1, 2, 3]).unwrap();
    assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
}

#[test]
fn silent_process_elsewhere_loses_its_part() {
    let folder = tempfile::tempdir().unwrap();
    write_foreign_claim(folder.path(), 1);
    fs::write(folder.path().join("part-002.claim"), "{\"token\": 1").unwrap();
    let mut messages = Vec::new();
    let claims = PartClaims::acquire(folder.path(), &[1, 2], &mut |text| {
        messages.push(text.to_string());
    });
    let claims = claims.unwrap();
    assert_eq!(messages.len(), 1);
    assert!(messages[0].contains("part 1 was in use by process 7 on node9"), "{messages:?}");
    drop(claims);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn process_elsewhere_with_a_new_count_keeps_its_part() {
    let folder = tempfile::tempdir().unwrap();
    let count = write_foreign_claim(folder.path(), 1);
    // The message comes between the first look at the count and the wait.
    let acquired =
        PartClaims::acquire(folder.path(), &[1], &mut |_| fs::write(&count, "2").unwrap());
    let error = acquired.unwrap_err();
    assert!(matches!(error, StorageError::PartInUse { part: 1, .. }), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join("claims-5.alive")).unwrap(), "2");
}

#[test]
fn ensure_held_notices_a_lost_claim() {
    let folder = tempfile::tempdir().unwrap();
    let claims = acquire(folder.path(), &[1]).unwrap();
    claims.ensure_held().unwrap();
    write_foreign_claim(folder.path(), 1);
    // As after the process was suspended.
    thread::sleep(LEASE + POLL);
    let error = claims.ensure_held().unwrap_err();
    assert!(matches!(error, StorageError::PartInUse { part: 1, .. }), "{error}");
    drop(claims);
    assert!(folder.path().join("part-001.claim").exists());
}

#[test]
fn claim_taken_over_during_the_wait_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    write_foreign_claim(folder.path(), 1);
    let mut other = None;
    // Another process that waited longer, and found the same dead process, takes over the part.
    let acquired = PartClaims::acquire(folder.path(), &[1], &mut |_| {
        fs::remove_file(folder.path().join("part-001.claim")).unwrap();
        other = Some(acquire(folder.path(), &[1]).unwrap());
    });
    let error = acquired.unwrap_err();
    assert!(matches!(error, StorageError::PartInUse { part: 1, .. }), "{error}");
    other.unwrap().claims.check().unwrap();
}

#[test]
fn acquire_removes_partial_claims_of_its_parts() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["part-001.claim.12.0.partial", "part-002.claim.12.0.partial", "notes.partial"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    drop(acquire(folder.path(), &[1]).unwrap());
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["notes.partial", "part-002.claim.12.0.partial"]);
}
