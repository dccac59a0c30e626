use std::fs;

use serde_json::json;

use super::*;

#[cfg(unix)]
#[test]
fn resume_renames_irregular_files() {
    use std::os::unix::fs::symlink;
    let make_pipe = |path: &Path| {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    type Make<'a> = (&'a str, &'a dyn Fn(&Path));
    let make: [Make; 5] = [
        ("a folder", &|path| fs::create_dir(path).unwrap()),
        ("a pipe", &make_pipe),
        ("a device", &|path| symlink("/dev/zero", path).unwrap()),
        ("a link to nothing", &|path| symlink("nothing", path).unwrap()),
        ("a link to itself", &|path| symlink(path.file_name().unwrap(), path).unwrap()),
    ];
    for name in [CONFIG, METRICS, TIMINGS] {
        for (what, make) in make {
            let folder = tempfile::tempdir().unwrap();
            let config = Config::default();
            drop(RunDir::resume(folder.path(), &config, 1).unwrap());
            let path = folder.path().join(name);
            fs::remove_file(&path).unwrap();
            make(&path);
            let (mut run, start) = RunDir::resume(folder.path(), &config, 1).unwrap();
            assert!(matches!(start, ResumeFrom::Initial), "{name}: {what}");
            let renamed_to = folder.path().join(format!("{name}.damaged"));
            let warning =
                RunWarning::NotRegularFile { path: path.clone(), renamed_to: renamed_to.clone() };
            assert!(run.warnings().contains(&warning), "{name}: {what}: {:?}", run.warnings());
            assert!(renamed_to.symlink_metadata().is_ok(), "{name}: {what}");
            run.append(&json!({ "event": "epoch", "epoch": 1, "seconds": 2 })).unwrap();
            assert!(path.symlink_metadata().unwrap().is_file(), "{name}: {what}");
        }
    }
}

#[test]
fn resume_new_run_writes_settings_with_any_seed() {
    let folder = tempfile::tempdir().unwrap();
    for seed in [0, 1, u64::MAX] {
        let config = Config { seed, eta: vec![0.1, 1e-7], ..Config::default() };
        let run = folder.path().join("deep").join(seed.to_string());
        RunDir::resume(&run, &config, 1).unwrap();
        let text = fs::read_to_string(run.join(CONFIG)).unwrap();
        assert_eq!(toml::from_str::<Config>(&text).unwrap(), config);
    }
}
