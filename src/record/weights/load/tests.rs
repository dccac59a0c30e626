//! Proves that a network comes back with every bit, and that a file of which any part is missing,
//! wrong or cut off is refused, with its name and no panic.

use std::collections::HashMap;
use std::fs;

use proptest::prelude::*;
use safetensors::tensor::TensorView;

use super::*;
use crate::config::{Feedback, Preset};
use crate::dataset::{DataSource, ReadOptions};
use crate::record::weights::{save, weights_sha256};

fn images() -> ImageShape {
    let class_names = ["cat", "dog \"Rex\""].map(str::to_string).to_vec();
    let rules = PixelRules { max_value: Some(4095), ..PixelRules::default() };
    let data = Some(DataIdentity {
        name: "pets/\"own\".npz".to_string(),
        source: DataSource::Files,
        read_options: ReadOptions::default(),
        training_images: 4,
        test_images: 2,
        sha256: "ab".to_string(),
        class_names: class_names.clone(),
    });
    ImageShape { height: 2, width: 3, channels: 1, classes: 2, class_names, range: 9, data, rules }
}

fn config() -> Config {
    Config { layers: vec![5, 4, 2], feedback: Feedback::Layerwise, ..Config::default() }
}

fn saved(config: &Config) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    save(&path, &Network::initial(config, 6), config, &images()).unwrap();
    fs::read(path).unwrap()
}

fn read(bytes: &[u8]) -> Result<Saved, WeightsError> {
    from_bytes(bytes, "FILE".to_string())
}

#[cfg(unix)]
#[test]
fn unread_file_is_damaged_only_if_its_content_is() {
    let error = |source| WeightsError::Read { file: "FILE".to_string(), source };
    // EPERM, EINTR, ENOMEM, EACCES, ENFILE, EMFILE, EROFS; ENOENT.
    for code in [1, 4, 12, 13, 23, 24, 30, 2] {
        assert!(error(io::Error::from_raw_os_error(code)).may_be_whole(), "{code}");
    }
    // EIO, EISDIR.
    for code in [5, 21] {
        assert!(!error(io::Error::from_raw_os_error(code)).may_be_whole(), "{code}");
    }
    assert!(
        !error(files::open_regular(std::path::Path::new("/dev/null")).unwrap_err()).may_be_whole()
    );
    assert!(!read(b"").unwrap_err().may_be_whole());
}

/// The error with its causes, in one text.
fn message(bytes: &[u8]) -> String {
    let error = read(bytes).unwrap_err();
    let mut message = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        message += &format!(" <- {cause}");
        source = cause.source();
    }
    message
}

/// A tensor and the texts beside it, to be changed.
type Tensors = HashMap<String, (Dtype, Vec<usize>, Vec<u8>)>;
type Texts = HashMap<String, String>;

/// The file with something changed.
fn changed(change: impl FnOnce(&mut Tensors, &mut Texts)) -> Vec<u8> {
    let bytes = saved(&config());
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let mut texts = metadata.metadata().clone().unwrap();
    texts.remove("sha256").unwrap();
    texts.remove("apical_version").unwrap();
    let mut tensors: Tensors = SafeTensors::deserialize(&bytes)
        .unwrap()
        .iter()
        .map(|(name, view)| {
            (name.to_string(), (view.dtype(), view.shape().to_vec(), view.data().to_vec()))
        })
        .collect();
    change(&mut tensors, &mut texts);
    let views: Vec<_> = tensors
        .iter()
        .map(|(name, (dtype, shape, bytes))| {
            (name, TensorView::new(*dtype, shape.clone(), bytes).unwrap())
        })
        .collect();
    safetensors::serialize(views, Some(texts)).unwrap()
}

#[track_caller]
fn refused(change: impl FnOnce(&mut Tensors, &mut Texts), expected: &str) {
    let found = message(&changed(change));
    assert!(found.starts_with("FILE: ") && found.contains(expected), "{found}\nnot: {expected}");
}

#[test]
fn every_bit_and_every_setting_comes_back() {
    for config in [
        config(),
        Config { layers: vec![2], ..config() },
        Config { feedback: Feedback::Broadcast, seed: u64::MAX, ..config() },
        Config { layers: vec![8, 2], ..Preset::Paper1.config() },
    ] {
        let network = Network::initial(&config, 6);
        let back = read(&saved(&config)).unwrap();
        assert_eq!(weights_sha256(&back.network), weights_sha256(&network));
        assert_eq!(back, Saved { network, config, images: images(), is_checked: true });
    }
}

#[test]
fn equal_networks_are_equal_files() {
    let file = saved(&config());
    assert!((0..20).all(|_| saved(&config()) == file));
}

#[test]
fn flipped_bit_is_refused() {
    let bytes = saved(&config());
    for at in [bytes.len() - 100, bytes.len() - 2, bytes.len() - 1] {
        let mut other = bytes.clone();
        other[at] ^= 4;
        assert_eq!(
            message(&other),
            "FILE: the file is damaged: its content does not fit its checksum"
        );
    }
}

#[test]
fn own_file_without_checksum_is_refused() {
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
        // Another byte may end the text or be no text.
        let is_right =
            matches!(found, WeightsError::NoChecksum { .. } | WeightsError::NotSafetensors { .. });
        assert!(is_right, "byte {byte}, bit {bit}: {found}");
    }
}

#[test]
fn file_without_checksum_is_read_unchecked() {
    let read = read(&changed(|_, _| ())).unwrap();
    assert!(!read.is_checked);
    assert_eq!(
        Saved { is_checked: true, ..read },
        super::from_bytes(&saved(&config()), String::new()).unwrap()
    );
}

#[test]
fn the_hash_sees_each_tensor() {
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
fn wrong_tensors_are_refused() {
    let missing = |name: &'static str| {
        move |tensors: &mut Tensors, _: &mut Texts| {
            tensors.remove(name);
        }
    };
    refused(missing("W0"), "expected a tensor 'W0' of shape [5, 6], found none");
    refused(missing("b2"), "expected a tensor 'b2' of shape [2], found none");
    refused(missing("Y1"), "expected a tensor 'Y1' of shape [4, 2], found none");
    refused(
        |tensors, _| {
            let tensor = tensors["b0"].clone();
            tensors.insert("b3".into(), tensor);
        },
        "expected the tensors W0, b0, Y0, W1, b1, Y1, W2, b2 only, found 'b3'",
    );
    refused(
        |tensors, _| tensors.get_mut("W1").unwrap().0 = Dtype::I32,
        "expected the tensor 'W1' to be F32, found I32",
    );
    refused(
        |tensors, _| tensors.get_mut("W1").unwrap().1 = vec![5, 4],
        "expected the tensor 'W1' to have shape [4, 5], found [5, 4]",
    );
    refused(
        |tensors, _| tensors.get_mut("Y0").unwrap().1 = vec![20],
        "expected the tensor 'Y0' to have shape [5, 4], found [20]",
    );
    refused(
        |tensors, _| {
            tensors.get_mut("b1").unwrap().2[4..8].copy_from_slice(&f32::NAN.to_le_bytes());
        },
        "expected the tensor 'b1' to hold finite numbers, found NaN at index 1",
    );
}

#[test]
fn wrong_metadata_are_refused() {
    for key in ["config", "height", "width", "pixels", "classes", "range"] {
        refused(
            |_, texts| {
                texts.remove(key);
            },
            &format!("expected the metadata '{key}', as apical writes it, found none"),
        );
    }
    let set = |key: &'static str, text: &'static str| {
        move |_: &mut Tensors, texts: &mut Texts| {
            texts.insert(key.into(), text.into());
        }
    };
    let number = "to be a number of at least 1, found";
    refused(set("height", "0"), &format!("'height' {number} '0'"));
    refused(set("width", "three"), &format!("'width' {number} 'three'"));
    refused(set("range", "256"), &format!("'range' {number} '256'"));
    refused(set("pixels", "-6"), &format!("'pixels' {number} '-6'"));
    refused(set("pixels", "7"), "'pixels' to be height x width, found 7 with 2 x 3");
    refused(set("height", "9223372036854775808"), "to be height x width, found 6 with");
    refused(set("classes", "1"), "'classes' to be a number of at least 2, found '1'");
    refused(set("classes", "257"), "'classes' to be a number of at most 256, found 257");
    refused(
        |tensors, texts| {
            set("classes", "3")(tensors, texts);
            texts.remove("class_names");
        },
        "<- layers = 2: the output needs a multiple of 3",
    );
    refused(set("class_names", "cat, dog"), "'class_names' to be a list of 2 names as JSON, found");
    refused(
        set("class_names", "[\"cat\"]"),
        "'class_names' to be a list of 2 names as JSON, found",
    );
    refused(set("channels", "2"), "'channels' to be 1 or 3, found '2'");
    refused(
        |tensors, texts| {
            set("channels", "3")(tensors, texts);
            set("width", "2")(tensors, texts);
            set("height", "3")(tensors, texts);
        },
        "'width' to be whole pixels, found 2 of 3",
    );
    refused(set("config", "layers = ["), "'config' cannot be read <- TOML parse error");
    refused(set("config", "dropout = 1"), "unknown field `dropout`");
    refused(set("config", "batch = 0\nlayers = [2]"), "cannot be <- batch = 0: 1 to 65535");
    // Settings of another network.
    refused(set("config", "layers = [5, 2]"), "found 'W2'");
    refused(set("config", "layers = [1048576, 9, 2]"), "'W0' to have shape [1048576, 6]");
    refused(set("config", "layers = [1048576, 1048576, 2]"), "2147483648 weights from 1048576");
}

#[test]
fn files_from_before_colours_and_names_are_read() {
    let old = changed(|_, texts| {
        texts.remove("channels");
        texts.remove("class_names");
    });
    let images = read(&old).unwrap().images;
    assert_eq!((images.channels, &images.class_names[..]), (1, &["0", "1"].map(String::from)[..]));
}

#[test]
fn files_of_another_kind_are_refused() {
    let other = "FILE: expected a whole safetensors file, found ";
    for bytes in [&b""[..], b"PK\x03\x04", b"not a file of tensors at all", &[0xff; 64]] {
        assert!(message(bytes).starts_with(other), "{}", message(bytes));
    }
    let plain = safetensors::serialize(Vec::<(String, TensorView)>::new(), None).unwrap();
    assert!(message(&plain).contains("expected the metadata 'height'"), "{}", message(&plain));
}

#[test]
fn every_cut_is_refused() {
    let bytes = saved(&config());
    for length in 0..bytes.len() {
        assert!(read(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(read(&longer).is_err());
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = load(Path::new("nowhere/weights.safetensors")).unwrap_err().to_string();
    assert_eq!(error, "nowhere/weights.safetensors: the file cannot be read");
}

#[test]
fn a_data_set_of_another_shape_is_refused() {
    let saved = read(&saved(&config())).unwrap();
    let set = |height: usize, width: usize, labels: Vec<u8>| {
        let images = vec![9; height * width * labels.len()];
        let one = (vec![9; height * width], vec![0]);
        Dataset::from_parts("set", height, width, (images, labels), one).unwrap()
    };
    // Its classes have no names, which those of the network have.
    assert!(saved.check_fits(&set(2, 3, vec![0, 1])).is_err());
    let (fitted, note) = saved.fit(set(2, 3, vec![0, 1]), false).unwrap();
    assert!(saved.check_fits(&fitted).is_ok() && !note.is_empty());
    let unfit = |dataset| saved.check_fits(&dataset).unwrap_err().to_string();
    let expected = "set: the network takes images of 2 x 3 pixels, this data set has 3 x 2";
    assert_eq!(unfit(set(3, 2, vec![0, 1])), expected);
    let expected = "set: expected the classes of the network (cat, dog \"Rex\"), found 0, 1, 2";
    assert_eq!(saved.fit(set(2, 3, vec![0, 1, 2]), false).unwrap_err().to_string(), expected);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(place in 0..4096_usize, byte: u8, cut in 0..4096_usize) {
        let mut bytes = saved(&config());
        let length = bytes.len();
        bytes[place % length] = byte;
        bytes.truncate(length - cut % 64);
        let _ = read(&bytes);
    }
}
