//! TensorBoard event files of a run.

use super::listener::{CONTINUE, Flow, Listener};
use super::{Context, TrainingSize};
use crate::CliError;
use apical::plots::TensorBoard;
use apical::run_dir::StorageError;
use apical::run_dir::file_names::TENSORBOARD;
use apical::train::{Event, TrainPosition};

/// Writes TensorBoard event files, one per network.
pub(super) struct EventFiles {
    /// `None` for a network that was trained before.
    boards: Vec<Option<TensorBoard>>,
}

impl EventFiles {
    /// Creates or extends the event files, if they are requested or exist. `positions`: start of each network; `None`
    /// for a network that was trained before.
    ///
    /// # Errors
    /// Returns an error if a file cannot be created.
    pub(super) fn open(
        context: Context,
        positions: &[Option<TrainPosition>],
        is_requested: bool,
    ) -> Result<Option<Self>, CliError> {
        let Context { job, variants, sizes, images, .. } = context;
        let Some(folder) = job.resumed_folder() else { return Ok(None) };
        let path = |replica: usize| {
            job.info.network_folder(folder, variants[replica].index).join(TENSORBOARD)
        };
        if !is_requested && !path(0).is_dir() {
            return Ok(None);
        }
        let board =
            |(replica, (size, position)): (usize, (&TrainingSize, &Option<TrainPosition>))| {
                let (path, images) = (path(replica), images.clone());
                let &TrainingSize { images: count, eval_set, .. } = size;
                match position {
                    None => Ok(None),
                    Some(position) if *position == TrainPosition::START && !path.exists() => {
                        TensorBoard::create(&path, images, count, eval_set).map(Some)
                    }
                    // Discards the later events of the interrupted run.
                    Some(position) => {
                        TensorBoard::resume(&path, images, count, eval_set, position).map(Some)
                    }
                }
            };
        let boards = sizes.iter().zip(positions).enumerate().map(board);
        Ok(Some(EventFiles { boards: boards.collect::<Result<_, StorageError>>()? }))
    }
}

impl Listener for EventFiles {
    fn on_event(&mut self, event: &Event) -> Flow {
        let board = match (event.replica(), &self.boards[..]) {
            (Some(replica), boards) => boards[replica].as_ref(),
            // Progress is a mean over the networks of a group.
            (None, [board]) => board.as_ref(),
            (None, _) => None,
        };
        if let Some(board) = board {
            board.write_event(event)?;
        }
        CONTINUE
    }
}
