//! The experiments of the paper, one per file: settings, measurements and figures.
//!
//! Each compares the paper's numbers with those found here and draws the paper's figure. `bursts` is not of the paper.

mod angle_traces;
mod burst_conditions;
mod burst_measures;
mod bursts;
mod claim;
mod curves;
mod error;
mod experiment;
mod fig3;
mod fig4;
mod fig5bc;
mod fig5s;
mod fig6b;
mod fig6c;
mod fig6s;
mod fig7a;
mod fig7bc;
mod fig8;
mod fig9a;
mod fig9b;
mod measure_angles;
mod output;
mod seed_errors;
mod study;
mod study_event;
mod traces;
mod trained_networks;

pub use error::ExperimentError;
pub use experiment::Experiment;
pub use output::ExperimentOutput;
pub use study::Study;
pub use study_event::{StudyEvent, StudyListener};
pub use trained_networks::TrainedNetwork;

/// All experiments in the order of the paper's figures, then those of other papers.
pub static EXPERIMENTS: [Experiment; 13] = [
    fig3::EXPERIMENT,
    fig4::EXPERIMENT,
    fig5bc::EXPERIMENT,
    fig5s::EXPERIMENT,
    fig6b::EXPERIMENT,
    fig6c::EXPERIMENT,
    fig6s::EXPERIMENT,
    fig7a::EXPERIMENT,
    fig7bc::EXPERIMENT,
    fig8::EXPERIMENT,
    fig9a::EXPERIMENT,
    fig9b::EXPERIMENT,
    bursts::EXPERIMENT,
];
