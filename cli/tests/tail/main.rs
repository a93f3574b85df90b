//! `snowline tail` as its users run it: the program, its exit codes, what arrives at the stream.

#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

#[path = "../generate/fake_firehose.rs"]
#[allow(dead_code, reason = "other tests ask it for more")]
mod fake_firehose;

use fake_firehose::{Answer, FakeFirehose};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn take_all(_: usize, _: usize) -> Answer {
    Answer::AllBut(Vec::new())
}

/// An empty folder with one for logs.
fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("tail").join(name);
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(folder.join("logs")).unwrap();
    folder
}

/// The program over the logs of a folder, with nothing of AWS in its environment but the stream.
fn tail(folder: &Path, stream: Option<&FakeFirehose>, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snowline"));
    command.arg("tail").arg(folder.join("logs/*.log")).arg("--state").arg(folder.join("state"));
    command.arg("--to").arg(if stream.is_some() { "firehose:logs" } else { "-" });
    command.args(arguments.split_whitespace());
    command.env_clear().envs(stream.iter().flat_map(|stream| stream.environment()));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(folder: &Path, stream: Option<&FakeFirehose>, arguments: &str) -> Output {
    tail(folder, stream, arguments).output().unwrap()
}

fn text(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn numbered(name: &str, range: std::ops::Range<u32>) -> String {
    range.map(|number| format!("{{\"file\":\"{name}\",\"number\":{number}}}\n")).collect()
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn gzip(path: &Path) {
    assert!(Command::new("gzip").arg(path).status().unwrap().success());
}

/// The lines of one file in the order in which they arrived first.
fn arrived(stream: &FakeFirehose, name: &str) -> String {
    let records = stream.taken().concat();
    let mut seen = std::collections::HashSet::new();
    String::from_utf8(records)
        .unwrap()
        .split_inclusive('\n')
        .filter(|line| line.contains(&format!("\"{name}\"")) && seen.insert((*line).to_owned()))
        .collect()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn terminate(mut child: Child) -> Output {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    child.wait().unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn lines_arrive_in_order_through_throttles_and_refusals_and_once() {
    let folder = scratch("throttled");
    let names = ["a", "b", "c"];
    for name in names {
        append(&folder.join(format!("logs/{name}.log")), &numbered(name, 0..60_000));
    }
    let stream = FakeFirehose::start(|call, _| match call % 4 {
        0 => Answer::Refuse(500, "ServiceUnavailableException"),
        1 => Answer::AllBut(vec![0]),
        _ => Answer::AllBut(Vec::new()),
    });
    let first = run(&folder, Some(&stream), "--once");
    assert_eq!(first.status.code(), Some(0), "{}", String::from_utf8_lossy(&first.stderr));
    for name in names {
        assert!(arrived(&stream, name) == numbered(name, 0..60_000), "{name}");
    }
    assert!(stream.taken().iter().all(|record| record.len() <= 1_024_000));
    let calls = stream.calls();
    append(&folder.join("logs/a.log"), "the rest\n");
    assert_eq!(run(&folder, Some(&stream), "--once").status.code(), Some(0));
    assert_eq!(stream.taken().last().unwrap(), b"the rest\n");
    assert!(stream.calls() <= calls + 3, "nothing is sent again");
}

#[test]
fn a_refusal_for_good_ends_with_code_1_and_loses_nothing() {
    let folder = scratch("refused");
    append(&folder.join("logs/a.log"), &numbered("a", 0..100));
    let none = FakeFirehose::start(|_, _| Answer::Refuse(400, "ResourceNotFoundException"));
    let output = run(&folder, Some(&none), "");
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("logs") && errors.contains("ResourceNotFoundException"), "{errors}");
    let stream = FakeFirehose::start(take_all);
    assert_eq!(run(&folder, Some(&stream), "--once").status.code(), Some(0));
    assert_eq!(arrived(&stream, "a"), numbered("a", 0..100));
}

#[test]
fn rotations_are_followed_and_a_termination_delivers_what_was_read() {
    let folder = scratch("rotated");
    let path = folder.join("logs/a.log");
    let rotated = |number: u32| folder.join(format!("logs/a.log.{number}"));
    let stream = FakeFirehose::start(take_all);
    append(&path, &numbered("a", 0..10));
    let child = tail(&folder, Some(&stream), "--max-delay 100ms --poll 200ms").spawn().unwrap();
    let all = |end| wait_until("lines arrive", || arrived(&stream, "a") == numbered("a", 0..end));
    all(10);
    fs::rename(&path, rotated(1)).unwrap();
    append(&rotated(1), &numbered("a", 10..20));
    all(20);
    append(&path, &numbered("a", 20..30));
    all(30);
    append(&path, &numbered("a", 30..40));
    fs::copy(&path, rotated(2)).unwrap();
    File::create(&path).unwrap();
    append(&path, &numbered("a", 40..50));
    all(50);
    append(&path, &numbered("a", 50..60));
    wait_until("the last lines were seen", || {
        fs::read_to_string(folder.join("state/tail.json")).is_ok()
    });
    std::thread::sleep(Duration::from_millis(100));
    let output = terminate(child);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(run(&folder, Some(&stream), "--once").status.code(), Some(0));
    assert_eq!(arrived(&stream, "a"), numbered("a", 0..60));
}

#[test]
fn a_line_no_record_can_hold_is_put_aside_and_its_neighbours_arrive() {
    let folder = scratch("oversized");
    let long = "x".repeat(1_024_000);
    append(&folder.join("logs/a.log"), &format!("before\n{long}\n{}\nafter", &long[1..]));
    let output = run(&folder, None, "--once");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output) == format!("before\n{}\nafter\n", &long[1..]));
    let aside: Vec<_> = fs::read_dir(folder.join("state/oversized")).unwrap().collect();
    let path = aside[0].as_ref().unwrap().path();
    assert!(aside.len() == 1 && path.to_str().unwrap().ends_with("-7"), "{}", path.display());
    assert!(fs::read_to_string(path).unwrap() == format!("{long}\n"));
}

#[test]
fn what_harms_neighbours_does_not_reach_them() {
    let folder = scratch("harm");
    append(&folder.join("logs/a.log"), "\u{feff}first\n\n\r\n\0\0\0after a hole\nin\0side\nlast\n");
    assert_eq!(text(&run(&folder, None, "--once")), "first\nafter a hole\nin\\x00side\nlast\n");
}

#[test]
fn lines_that_belong_together_are_one_record_also_after_a_restart() {
    let folder = scratch("multiline");
    let path = folder.join("logs/a.log");
    let arguments = "--once --multiline-start ^[0-9]";
    append(&path, "1 first\n  more\n2 second\n");
    assert_eq!(text(&run(&folder, None, arguments)), "1 first   more\n2 second\n");
    append(&path, "3 third\n  more\n");
    assert_eq!(text(&run(&folder, None, arguments)), "3 third   more\n");
    let child = tail(&folder, None, "--multiline-start ^[0-9] --max-delay 50ms").spawn().unwrap();
    append(&path, "4 fourth\n  more\n");
    wait_until("the record is complete by time", || {
        fs::read_to_string(folder.join("state/tail.json")).is_ok_and(|json| {
            json.contains(&format!("\"offset\":{}", fs::metadata(&path).unwrap().len()))
        })
    });
    assert_eq!(text(&terminate(child)), "4 fourth   more\n");
}

#[test]
fn state_that_cannot_be_used_is_an_error_that_says_what_to_do() {
    let folder = scratch("state");
    append(&folder.join("logs/a.log"), "line\n");
    fs::write(folder.join("state"), "no folder").unwrap();
    let output = run(&folder, None, "--once");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("--state"));
    fs::remove_file(folder.join("state")).unwrap();
    assert_eq!(text(&run(&folder, None, "--once")), "line\n");
    fs::write(folder.join("state/tail.json"), "{\"version\":1").unwrap();
    let output = run(&folder, None, "--once");
    assert_eq!((output.status.code(), text(&output)), (Some(1), ""));
    assert!(String::from_utf8(output.stderr).unwrap().contains("damaged"));
}

#[test]
fn a_first_start_from_the_end_sends_what_comes_after_it() {
    let folder = scratch("from_end");
    let path = folder.join("logs/a.log");
    append(&path, "old\nhalf");
    assert_eq!(text(&run(&folder, None, "--once --from-end")), "half\n");
    append(&path, " a line\nnew\n");
    assert_eq!(text(&run(&folder, None, "--once --from-end")), " a line\nnew\n");
}

#[test]
fn generations_that_came_and_went_while_it_was_down_are_read_once_and_in_order() {
    let folder = scratch("generations");
    let logs = |name: &str| folder.join("logs").join(name);
    let once = || {
        let output = run(&folder, None, "--once");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        text(&output).to_owned()
    };
    let rename = |from: &str, to: &str| fs::rename(logs(from), logs(to)).unwrap();
    append(&logs("a.log.2"), &numbered("a", 0..5));
    append(&logs("a.log"), &numbered("a", 5..10));
    append(&logs("b.log"), &numbered("b", 0..10));
    // What was rotated before there was a checkpoint was never followed.
    assert_eq!(once(), numbered("a", 5..10) + &numbered("b", 0..10));

    // Renamed three times, with and without compression; and another copied and truncated twice.
    append(&logs("a.log"), &numbered("a", 10..20));
    rename("a.log", "a.log.3");
    append(&logs("a.log.2"), "");
    append(&logs("a.log.1"), &numbered("a", 20..30));
    rename("a.log.1", "a-20260131.log");
    gzip(&logs("a-20260131.log"));
    append(&logs("a.log.1"), &numbered("a", 30..40));
    append(&logs("a.log"), &numbered("a", 40..50));
    append(&logs("a-errors.log.1"), "of another file\n");
    append(&logs("b.log"), &numbered("b", 10..20));
    fs::copy(logs("b.log"), logs("b.log.2")).unwrap();
    File::create(logs("b.log")).unwrap();
    append(&logs("b.log"), &numbered("b", 20..30));
    fs::copy(logs("b.log"), logs("b.log.1")).unwrap();
    File::create(logs("b.log")).unwrap();
    append(&logs("b.log"), &numbered("b", 30..40));
    let lines = once();
    let of = |name: &str| -> String {
        lines.split_inclusive('\n').filter(|it| it.contains(&format!("\"{name}\""))).collect()
    };
    assert_eq!(of("a"), numbered("a", 10..50));
    assert_eq!(of("b"), numbered("b", 10..40));
    assert_eq!(lines.lines().count(), 70);
    assert_eq!(once(), "");
}
