//! Proves: missing or invalid tensors and metadata are errors that name them; files of earlier versions are read.

use safetensors::tensor::Dtype;

use crate::run_dir::weights::test_files::{Tensors, Texts, changed, read, refused};

#[test]
fn load_invalid_tensors_fails() {
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
fn load_invalid_metadata_fails() {
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
        "<- layers = 2: expected a multiple of 3",
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
    refused(set("config", "layers = ["), "'config' <- TOML parse error");
    refused(set("config", "dropout = 1"), "unknown field `dropout`");
    refused(
        set("config", "batch_size = 0\nlayers = [2]"),
        "'config' <- batch_size = 0: expected 1 to 65535",
    );
    // Settings of another network.
    refused(set("config", "layers = [5, 2]"), "found 'W2'");
    refused(set("config", "layers = [1048576, 9, 2]"), "'W0' to have shape [1048576, 6]");
    refused(set("config", "layers = [1048576, 1048576, 2]"), "2147483648 weights from 1048576");
}

#[test]
fn load_files_of_earlier_versions_succeeds() {
    let old = changed(|_, texts| {
        texts.remove("channels");
        texts.remove("class_names");
    });
    let images = read(&old).unwrap().images;
    assert_eq!((images.channels, &images.class_names[..]), (1, &["0", "1"].map(String::from)[..]));
}
