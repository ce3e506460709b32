//! A test's second half in a process of its own: for what belongs to a process, such as its environment or its memory.

use std::process::Command;

const MARK: &str = "NOMKIT_TEST_CHILD";
/// How a child ends that ran to its end; a test that was not found would end with 0.
const DONE: i32 = 77;

/// Runs `body` in a child: the test binary again, with this test alone and these variables.
pub fn in_child(test: &str, variables: &[(&str, &str)], body: impl FnOnce()) {
    if std::env::var(MARK).is_ok_and(|mark| mark == test) {
        body();
        std::process::exit(DONE);
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(MARK, test);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD"] {
        command.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(DONE), "{text}");
}

/// The most memory that this process held since its start, in bytes.
pub fn peak() -> usize {
    status("VmHWM:")
}

/// The memory that it holds.
pub fn resident() -> usize {
    status("VmRSS:")
}

fn status(field: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}
