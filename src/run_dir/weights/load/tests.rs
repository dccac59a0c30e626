//! Proves: a network is read back bit for bit; an incomplete file, a flipped bit and another kind of file are errors.

use proptest::prelude::*;
use safetensors::tensor::TensorView;

use super::*;
use crate::config::{Config, Dynamics, EventFeedback, Feedback, LearningRule, Preset};
use crate::network::Network;
use crate::run_dir::weights::test_files::{changed, config, images, message, read, saved};
use crate::run_dir::weights::{to_bytes, weights_sha256};

#[cfg(unix)]
#[test]
fn may_be_intact_depends_on_the_system_error() {
    let error = |source| WeightsError::Read { file: "FILE".to_string(), source };
    // EPERM, EINTR, ENOMEM, EACCES, ENFILE, EMFILE, EROFS; ENOENT.
    for code in [1, 4, 12, 13, 23, 24, 30, 2] {
        assert!(error(io::Error::from_raw_os_error(code)).may_be_intact(), "{code}");
    }
    // EIO, EISDIR.
    for code in [5, 21] {
        assert!(!error(io::Error::from_raw_os_error(code)).may_be_intact(), "{code}");
    }
    assert!(
        !error(files::open_regular(std::path::Path::new("/dev/null")).unwrap_err()).may_be_intact()
    );
    assert!(!read(b"").unwrap_err().may_be_intact());
}

#[test]
fn load_restores_every_bit_and_setting() {
    for config in [
        config(),
        Config { layers: vec![2], ..config() },
        Config { feedback: Feedback::Broadcast, seed: u64::MAX, ..config() },
        Config { layers: vec![8, 2], ..Preset::Paper1.config() },
    ] {
        let network = Network::initial(&config, 6);
        let back = read(&saved(&config)).unwrap();
        assert_eq!(weights_sha256(&back.network), weights_sha256(&network));
        assert_eq!(back, SavedNetwork { network, config, images: images(), is_checked: true });
    }
}

#[test]
fn load_restores_event_feedback() {
    let config = Config {
        rule: LearningRule::Bursts,
        dynamics: Dynamics::SteadyState,
        event_feedback: EventFeedback::Homeostatic,
        ..config()
    };
    let mut network = Network::initial(&config, 6);
    let before = weights_sha256(&network);
    let weights = network.layers.iter_mut().flat_map(|layer| &mut layer.event_feedback);
    weights.zip(1_u8..).for_each(|(weight, index)| *weight = f32::from(index));
    assert_ne!(weights_sha256(&network), before);
    let back = read(&to_bytes(&network, &config, &images()).unwrap()).unwrap();
    assert_eq!(back.network, network);
    let without = Config { event_feedback: EventFeedback::Cancelling, ..config };
    let message = message(&to_bytes(&network, &without, &images()).unwrap());
    assert!(message.contains("only, found 'Q0'"), "{message}");
}

#[test]
fn save_equal_networks_gives_equal_files() {
    let file = saved(&config());
    assert!((0..20).all(|_| saved(&config()) == file));
}

#[test]
fn load_flipped_bit_fails() {
    let bytes = saved(&config());
    for at in [bytes.len() - 100, bytes.len() - 2, bytes.len() - 1] {
        let mut other = bytes.clone();
        other[at] ^= 4;
        assert_eq!(
            message(&other),
            "FILE: the file is damaged: its content does not match its checksum"
        );
    }
}

#[test]
fn load_own_file_without_checksum_fails() {
    let expected = "FILE: the file is damaged: apical wrote it with a checksum, which is missing";
    let own = changed(|_, texts| {
        texts.insert("apical_version".to_string(), "0.1.0".to_string());
    });
    assert_eq!(message(&own), expected);
    let bytes = saved(&config());
    let at = bytes.windows(8).position(|part| part == b"\"sha256\"").unwrap();
    for (byte, bit) in (1..7).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
        let mut other = bytes.clone();
        other[at + byte] ^= 1 << bit;
        let found = read(&other).unwrap_err();
        // The changed byte may end the string or be invalid UTF-8.
        let is_right =
            matches!(found, WeightsError::NoChecksum { .. } | WeightsError::NotSafetensors { .. });
        assert!(is_right, "byte {byte}, bit {bit}: {found}");
    }
}

#[test]
fn load_foreign_file_without_checksum_succeeds() {
    let read = read(&changed(|_, _| ())).unwrap();
    assert!(!read.is_checked);
    assert_eq!(
        SavedNetwork { is_checked: true, ..read },
        super::from_bytes(&saved(&config()), String::new()).unwrap()
    );
}

#[test]
fn weights_sha256_depends_on_each_tensor() {
    let network = Network::initial(&config(), 6);
    let hash = weights_sha256(&network);
    assert_eq!(hash.len(), 64);
    for layer in 0..2 {
        let mut other = network.clone();
        other.layers[layer].weights[0] += 1.0;
        assert_ne!(weights_sha256(&other), hash);
        let mut other = network.clone();
        *other.layers[layer].weights.last_mut().unwrap() += 1.0;
        assert_ne!(weights_sha256(&other), hash);
        let mut other = network.clone();
        other.layers[layer].feedback[0] += 1.0;
        assert_ne!(weights_sha256(&other), hash);
    }
}

#[test]
fn load_another_kind_of_file_fails() {
    let other = "FILE: expected a complete safetensors file, found ";
    for bytes in [&b""[..], b"PK\x03\x04", b"not a file of tensors at all", &[0xff; 64]] {
        assert!(message(bytes).starts_with(other), "{}", message(bytes));
    }
    let plain = safetensors::serialize(Vec::<(String, TensorView)>::new(), None).unwrap();
    assert!(message(&plain).contains("expected the metadata 'height'"), "{}", message(&plain));
}

#[test]
fn load_any_other_length_fails() {
    let bytes = saved(&config());
    for length in 0..bytes.len() {
        assert!(read(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(read(&longer).is_err());
}

#[test]
fn load_missing_file_error_names_it() {
    let error = load(Path::new("nowhere/weights.safetensors")).unwrap_err().to_string();
    assert_eq!(error, "nowhere/weights.safetensors: the file cannot be read");
}

proptest! {
    #[test]
    fn load_damaged_bytes_never_panics(place in 0..4096_usize, byte: u8, cut in 0..4096_usize) {
        let mut bytes = saved(&config());
        let length = bytes.len();
        bytes[place % length] = byte;
        bytes.truncate(length - cut % 64);
        let _ = read(&bytes);
    }
}
