//! Empty: Cargo requires a target beside the benches.
