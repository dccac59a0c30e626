//! Networks that train side by side and resume from different positions.

use std::ops::ControlFlow;

use apical::config::{Config, variants};
use apical::device::BackendKind;
use apical::train::{CheckpointInterval, Event, ResumeFrom, TrainError, Training};

use super::{base, dataset, on, run};

#[test]
fn replicas_resume_each_from_its_position() {
    let base = Config { eval_every: 0, ..base() };
    let variants = variants(&base, &["eta=0.2,0.4".parse().unwrap()], 2).unwrap();
    let single = |config: &Config| {
        Training::new(config.clone(), dataset(), &on(BackendKind::Cpu)).expect("the CPU opens")
    };
    let mut starts = vec![ResumeFrom::Initial; 4];
    let checkpoints_of =
        |index: usize| run(single(&variants[index].config), Some(CheckpointInterval::Images(8))).1;
    starts[0] = ResumeFrom::Checkpoint(Box::new(checkpoints_of(0)[1].1.clone()));
    starts[1] = ResumeFrom::Finished;
    starts[3] = ResumeFrom::Checkpoint(Box::new(checkpoints_of(3)[1].1.clone()));
    for backend in [BackendKind::Cpu, BackendKind::Gpu] {
        let replicas =
            Training::resume_variants(&variants, dataset(), &on(backend), starts.clone());
        let (mut groups, mut networks) = (Vec::new(), vec![None; 4]);
        let summary = replicas.expect("the backend opens").run(&mut |event| {
            match event {
                Event::GroupStarted { replicas, .. } => groups.push(replicas.to_vec()),
                Event::Finished { replica, network, .. } => {
                    networks[*replica] = Some((**network).clone());
                }
                _ => {}
            }
            ControlFlow::Continue(())
        });
        assert!(!summary.expect("the trainings run").stopped);
        assert_eq!(groups, [vec![0, 3], vec![2]]);
        for (index, network) in networks.iter().enumerate() {
            let expected = (index != 1).then(|| run(single(&variants[index].config), None).0.1);
            assert!(*network == expected, "network {index}");
        }
    }
    let all = vec![ResumeFrom::Finished; 4];
    let no_training = Training::resume_variants(&variants, dataset(), &on(BackendKind::Cpu), all);
    assert!(matches!(no_training.err(), Some(TrainError::NoNetworks)));
}
