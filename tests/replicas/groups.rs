//! Division of networks into groups: by shape, by memory, and after a stop.

use std::ops::ControlFlow;

use apical::config::{Config, Optimizer, variants};
use apical::device::{BackendKind, DeviceOptions};
use apical::interface::BackendError;
use apical::model::lr_schedule::LrSchedule;
use apical::train::{Event, TrainError, Training};

use super::{assert_same, dataset, of_configs, on, train_alone, train_together};

#[test]
fn replicas_of_other_shapes_train_in_own_groups() {
    let dataset = dataset();
    let base = Config {
        layers: vec![13, 11, 10],
        batch_size: 2,
        train_images: 6,
        test_images: 5,
        epochs: 1,
        seed: 3,
        ..Config::default()
    };
    let sweeps =
        ["g_apical=0,0.05", "feedback=broadcast,layerwise"].map(|text| text.parse().unwrap());
    let mut swept = variants(&base, &sweeps, 2).unwrap();
    let others = [
        Config { optimizer: Optimizer::Sgd, ..base.clone() },
        Config { psp_kernel_ms: 0, ..base.clone() },
        Config { train_images: 9, ..base.clone() },
        Config { batch_size: 3, ..base.clone() },
        Config { epochs: 2, ..base.clone() },
        Config { test_images: 4, ..base.clone() },
        // Fits the first group.
        Config { eta: vec![0.3], ..base.clone() },
        // Same arrays as Adam, but another optimizer in the kernel.
        Config { optimizer: Optimizer::Momentum, eta: vec![0.02], ..base.clone() },
        // Fits the first group: other settings that may differ within a group.
        Config {
            optimizer: Optimizer::Rmsprop,
            lr_schedule: LrSchedule::Cosine,
            warmup_images: 4,
            bias_lr_scale: vec![0.5],
            weight_decay: 0.3,
            grad_clip: 0.01,
            ..base.clone()
        },
    ];
    swept.extend(of_configs(others.to_vec()));
    let (outcomes, groups) = train_together(&swept, &dataset, &on(BackendKind::Cpu));
    let mut groups: Vec<Vec<usize>> = groups.into_iter().map(|(replicas, _)| replicas).collect();
    groups.sort();
    let expected: [&[usize]; 11] =
        [&[0, 1, 14, 16], &[2, 3], &[4, 5], &[6, 7], &[8], &[9], &[10], &[11], &[12], &[13], &[15]];
    assert_eq!(groups, expected);
    for (variant, outcome) in swept.iter().zip(&outcomes) {
        assert_same(&format!("{variant}"), outcome, &train_alone(&variant.config, &dataset));
    }
}

#[test]
fn replicas_beyond_memory_train_in_groups() {
    let dataset = dataset();
    let base = Config {
        layers: vec![40, 10],
        batch_size: 64,
        train_images: 12,
        test_images: 5,
        epochs: 1,
        ..Config::default()
    };
    let seven = variants(&base, &[], 7).unwrap();
    for backend in [BackendKind::Cpu, BackendKind::Gpu] {
        let within = |memory| DeviceOptions { memory: Some(memory), ..on(backend) };
        // A search finds the memory of three networks, so that this test needs no constant.
        let fits = |memory: u64, count: usize| {
            let (_, groups) = train_together(&seven[..count], &dataset, &within(memory));
            groups.len() == 1
        };
        let fits_one = |memory: u64| match Training::of_variants(
            &seven[..1],
            (*dataset).clone(),
            &within(memory),
        ) {
            Ok(_) => true,
            Err(TrainError::Backend(BackendError::TooMuchMemory {
                networks: 1,
                memory: available,
                ..
            })) => {
                assert_eq!(available, memory);
                false
            }
            Err(error) => panic!("{error}"),
        };
        let mut memory = 1 << 10;
        while !fits_one(memory) {
            memory += memory / 8;
        }
        while !fits(memory, 3) {
            memory += memory / 8;
        }
        let (outcomes, groups) = train_together(&seven, &dataset, &within(memory));
        let networks: Vec<usize> =
            groups.iter().flat_map(|(replicas, _)| replicas.clone()).collect();
        assert_eq!(networks, [0, 1, 2, 3, 4, 5, 6]);
        assert!(
            groups.len() > 1 && groups.iter().all(|(replicas, _)| replicas.len() <= 4),
            "{groups:?}"
        );
        for (_, reason) in &groups {
            let reason = reason.as_ref().expect("a limited group has a reason");
            assert!(
                reason.contains("networks of layers 40,10")
                    && reason.contains("of available memory"),
                "{reason}"
            );
        }
        for (variant, outcome) in seven.iter().zip(&outcomes) {
            assert_same("in groups", outcome, &train_alone(&variant.config, &dataset));
        }
    }
}

/// A stop returns the networks trained so far.
#[test]
fn replicas_stopped_by_listener_start_no_new_group() {
    let dataset = dataset();
    let base = Config { layers: vec![10], train_images: 10, epochs: 3, ..Config::default() };
    let variants = variants(&base, &["psp_kernel_ms=5,6".parse().unwrap()], 2).unwrap();
    let replicas = Training::of_variants(&variants, (*dataset).clone(), &on(BackendKind::Cpu));
    let (mut epochs, mut finished) = (0, Vec::new());
    let summary = replicas.expect("the CPU opens").run(&mut |event| match event {
        Event::Epoch { .. } => {
            epochs += 1;
            ControlFlow::Break(())
        }
        Event::Finished { replica, stopped, .. } => {
            assert!(stopped);
            finished.push(*replica);
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Continue(()),
    });
    assert!(summary.expect("the trainings run").stopped);
    assert_eq!((epochs, finished), (2, vec![0, 1]));
}
