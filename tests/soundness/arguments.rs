//! Data sets with changed fields, and lists of other lengths.

use apical::config::variants;
use apical::dataset::Dataset;
use apical::dataset::unlabelled::ImageList;
use apical::device::{self, DeviceOptions};
use apical::interface::BackendError;
use apical::network::Network;
use apical::predict::predict;
use apical::run_dir::{ImageSpec, SavedNetwork};
use apical::train::{ResumeFrom, TrainError, Training, test_network};

use super::{BACKENDS, config, dataset};

/// Callers may change the public fields of a data set.
#[test]
fn dataset_with_changed_fields_is_an_error() {
    let changes: [fn(&mut Dataset); 9] = [
        |data| data.classes = 5,
        |data| data.class_names.clear(),
        |data| data.training_count = usize::MAX,
        |data| data.training_count = 13,
        |data| data.test_count = 1000,
        |data| data.test_count = 0,
        |data| data.height = 0,
        |data| data.height = 100,
        |data| (data.height, data.width) = (usize::MAX, 2),
    ];
    let network = Network::initial(&config(), 36);
    for backend in BACKENDS {
        let options = DeviceOptions { backend, ..DeviceOptions::default() };
        for (index, change) in changes.iter().enumerate() {
            let mut changed = (*dataset()).clone();
            change(&mut changed);
            let trained = Training::new(config(), changed.clone(), &options).map(|_| ());
            assert!(
                matches!(trained, Err(TrainError::Dataset(_) | TrainError::Config(_))),
                "{index}: {trained:?}"
            );
            let tested =
                test_network(&config(), changed.clone(), &network, &options, 1, &mut |_| ());
            assert!(
                matches!(tested, Err(TrainError::Dataset(_) | TrainError::Config(_))),
                "{index}: {tested:?}"
            );
            let opened = device::open(&options, &[config()], &changed.into()).map(|_| ());
            assert!(matches!(opened, Err(BackendError::InvalidSamples(_))), "{index}: {opened:?}");
        }
    }
}

#[test]
fn lists_of_other_lengths_are_an_error() {
    let two = variants(&config(), &[], 2).expect("the settings are valid");
    let mut images = ImageList::default();
    images.names = vec!["a".to_string(); 3];
    images.bytes = vec![9; 2 * 36];
    let saved = SavedNetwork {
        network: Network::initial(&config(), 36),
        config: config(),
        images: ImageSpec::grey(6, 6, 10, 255),
        is_checked: true,
    };
    for backend in BACKENDS {
        let options = DeviceOptions { backend, ..DeviceOptions::default() };
        for starts in [vec![], vec![ResumeFrom::Initial; 3]] {
            let count = starts.len();
            let training =
                Training::resume_variants(&two, (*dataset()).clone(), &options, starts).map(|_| ());
            let Err(TrainError::Starts { networks: 2, starts }) = training else {
                panic!("{training:?}");
            };
            assert_eq!(starts, count);
        }
        let predicted = predict(&saved, images.clone(), &options, 1, &mut |_| ()).map(|_| ());
        let is_expected =
            matches!(predicted, Err(TrainError::Backend(BackendError::InvalidSamples(_))));
        assert!(is_expected, "{predicted:?}");
    }
}
