//! Delivery to a stream: nothing lost, nothing doubled, whatever the stream answers.

use super::fake_firehose::{Answer, Behaviour, Description, FakeFirehose};
use super::{lines, scratch, snowline, summary};
use flate2::read::GzDecoder;
use std::io::Read;
use std::process::{Command, Output};
use std::time::Duration;

fn to_stream(stream: &FakeFirehose, arguments: &str, name: &str) -> Command {
    let mut command = snowline(&format!("--to firehose:orders {arguments}"));
    command.arg("--copy-to").arg(scratch(&format!("{name}.ndjson")));
    command.arg("--summary").arg(scratch(&format!("{name}.json")));
    command.envs(stream.environment());
    command
}

fn run(behaviour: Behaviour, arguments: &str, name: &str) -> (FakeFirehose, Output) {
    let stream = FakeFirehose::start(behaviour);
    let output = to_stream(&stream, arguments, name).output().unwrap();
    (stream, output)
}

/// The lines the stream holds, sorted: records arrive in any order.
fn delivered(stream: &FakeFirehose) -> Vec<Vec<u8>> {
    let records = stream.taken();
    assert!(records.iter().all(|record| record.ends_with(b"\n")));
    let mut delivered: Vec<Vec<u8>> =
        records.iter().flat_map(|record| lines(record)).map(<[u8]>::to_vec).collect();
    delivered.sort();
    delivered
}

fn copied(name: &str) -> Vec<Vec<u8>> {
    let copy = std::fs::read(scratch(&format!("{name}.ndjson"))).unwrap();
    let mut copied: Vec<Vec<u8>> = lines(&copy).map(<[u8]>::to_vec).collect();
    copied.sort();
    copied
}

fn take_all(_: usize, _: usize) -> Answer {
    Answer::AllBut(Vec::new())
}

#[test]
fn every_line_arrives_once_in_few_large_records() {
    let (stream, output) = run(take_all, "--count 30000 --seed 5 --max-delay 1m", "all");
    assert!(output.status.success());
    assert_eq!(delivered(&stream), copied("all"));
    assert!(stream.largest_call() <= 4 * 1_024 * 1_024);
    let summary = summary("all.json");
    assert_eq!(summary["records"], stream.taken().len());
    assert_eq!(summary["put_calls"], stream.calls());
    assert_eq!(summary["resent_entries"], 0);
    let bytes = summary["bytes"].as_u64().unwrap() as usize;
    assert!(stream.taken().len() <= bytes / (240 * 1_024) + stream.calls());
}

fn run_as(description: Description, arguments: &str, name: &str) -> (FakeFirehose, Output) {
    let stream = FakeFirehose::start_as(description, take_all);
    let output = to_stream(&stream, arguments, name).output().unwrap();
    (stream, output)
}

fn decompress(format: &str, record: &[u8]) -> Vec<u8> {
    if format == "zstd" {
        return zstd::decode_all(record).unwrap();
    }
    let mut text = Vec::new();
    GzDecoder::new(record).read_to_end(&mut text).unwrap();
    text
}

#[test]
fn compressed_records_are_whole_lines_and_close_to_the_largest() {
    for format in ["gzip", "zstd"] {
        let arguments = format!("--compress {format} --count 30000 --seed 5 --max-delay 1m");
        let uncompressed = Description::Compression("UNCOMPRESSED");
        let (stream, output) = run_as(uncompressed, &arguments, format);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let records = stream.taken();
        let texts: Vec<_> = records.iter().map(|record| decompress(format, record)).collect();
        assert!(texts.iter().all(|text| text.ends_with(b"\n")));
        let mut delivered: Vec<_> =
            texts.iter().flat_map(|text| lines(text)).map(<[u8]>::to_vec).collect();
        delivered.sort();
        assert_eq!(delivered, copied(format));
        let full = texts.iter().filter(|text| text.len() > 990 * 1_024).count();
        assert!(full + stream.calls() >= texts.len(), "the last record of a batch may be shorter");
        let summary = summary(&format!("{format}.json"));
        let bytes: usize = records.iter().map(Vec::len).sum();
        assert_eq!(summary["record_bytes"], bytes);
        assert!(bytes * 3 < summary["bytes"].as_u64().unwrap() as usize, "{format}: {bytes}");
    }
}

#[test]
fn a_stream_that_compresses_or_does_not_say_so_is_sent_no_compressed_record() {
    for (description, words) in [
        (Description::Compression("GZIP"), ["GZIP", "LandingCompression=UNCOMPRESSED"]),
        (
            Description::Refuse("AccessDeniedException"),
            ["firehose:DescribeDeliveryStream", "AccessDeniedException"],
        ),
        (Description::Refuse("ResourceNotFoundException"), ["orders", "ResourceNotFoundException"]),
    ] {
        let (stream, output) = run_as(description, "--compress gzip --count 10", "unsent");
        assert_eq!((output.status.code(), stream.calls()), (Some(1), 0));
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(words.iter().all(|word| errors.contains(word)), "{errors}");
    }
}

#[test]
fn only_refused_records_are_sent_again() {
    // Every second record of the first call, then the first of what is left, then nothing.
    let behaviour: Behaviour = |call, records| match call {
        0 => Answer::AllBut((0..records).step_by(2).collect()),
        1 => Answer::AllBut(vec![0]),
        _ => Answer::AllBut(Vec::new()),
    };
    // Fits into one batch of 12 records, so that the calls come one after the other.
    let (stream, output) = run(behaviour, "--count 8000 --seed 5 --max-delay 1m", "partial");
    assert!(output.status.success());
    assert_eq!(delivered(&stream), copied("partial"));
    let records = stream.taken().len();
    let summary = summary("partial.json");
    assert_eq!(summary["put_calls"], 3);
    assert_eq!(summary["records"], records);
    assert_eq!(summary["resent_entries"], records.div_ceil(2) + 1);
}

#[test]
fn throttled_and_failed_calls_are_repeated() {
    let behaviour: Behaviour = |call, _| match call {
        0 => Answer::Refuse(400, "ThrottlingException"),
        1 => Answer::Refuse(503, "ServiceUnavailableException"),
        2 => Answer::Refuse(500, "InternalFailure"),
        _ => Answer::AllBut(Vec::new()),
    };
    let (stream, output) = run(behaviour, "--count 500 --seed 5", "throttled");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(delivered(&stream), copied("throttled"));
}

#[test]
fn a_refusal_ends_the_run_and_counts_the_lines_that_are_missing() {
    let behaviour: Behaviour = |_, _| Answer::Refuse(400, "ResourceNotFoundException");
    let (stream, output) = run(behaviour, "--count 500 --seed 5", "refused");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stream.calls(), 1);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("500 accepted lines were not delivered"), "{errors}");
    assert!(errors.contains("orders") && errors.contains("ResourceNotFoundException"), "{errors}");
}

#[test]
fn an_interrupt_delivers_what_was_accepted_and_ends_well() {
    let stream = FakeFirehose::start(take_all);
    let mut child = to_stream(&stream, "--rate 2000 --seed 5 --max-delay 200ms", "interrupted")
        .spawn()
        .unwrap();
    while stream.calls() < 3 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(delivered(&stream), copied("interrupted"));
    assert_eq!(summary("interrupted.json")["events_sent"], delivered(&stream).len());
}
