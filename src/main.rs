use apical::{config::*, dataset::Dataset, schedule::Selection, train::Training};
use clap::Parser;
#[derive(Parser)]
struct A {
    #[command(flatten)]
    c: Config,
    #[arg(long, default_value_t = 0)]
    threads: usize,
}
fn main() {
    let a = A::parse();
    let mut t = Training::new(
        a.c,
        Dataset::mnist().unwrap(),
        &Selection { threads: a.threads, ..Default::default() },
    )
    .unwrap();
    let s = t
        .run(&mut |e| {
            eprintln!("{e:?}");
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    println!("{} {}", s.evaluation.error(), s.seconds);
}
