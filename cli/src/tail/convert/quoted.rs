//! Joins the lines of CSV records that have line ends inside quotes.

use std::collections::VecDeque;

use super::{MAX_RECORD_BYTES, without_line_end};
use crate::csv::{self, BadQuotes};
use crate::tail::multiline::Joined;

/// The lines of one file whose last quoted field has not ended.
#[derive(Debug)]
pub(super) struct Quoted {
    delimiter: char,
    lines: Vec<Line>,
    bytes: usize,
    /// Whether their number of quotes is odd, as it is of no whole record.
    is_odd: bool,
}

#[derive(Debug)]
struct Line {
    /// With its line end.
    bytes: Vec<u8>,
    /// Source byte behind it.
    end: u64,
}

/// What the waiting lines are.
enum State {
    Record,
    /// A quoted field may end on the next line.
    Open,
    /// The first line is no record, whatever follows.
    Broken,
}

impl Quoted {
    pub(super) fn new(delimiter: char) -> Self {
        Self { delimiter, lines: Vec::new(), bytes: 0, is_odd: false }
    }

    /// Takes the next line. What an open quote swallowed in vain are lines of their own, as they are
    /// to the transform.
    pub(super) fn push(&mut self, line: &[u8], end: u64, each: &mut impl FnMut(Joined<'_>)) {
        if self.lines.is_empty() && is_even(line) {
            each(Joined::Record { record: without_line_end(line), end });
        } else {
            self.settle(VecDeque::from([Line { bytes: line.to_vec(), end }]), each);
        }
    }

    /// Hands out what waits: no quote will end it.
    pub(super) fn finish(&mut self, each: &mut impl FnMut(Joined<'_>)) {
        while self.is_waiting() {
            let mut lines = VecDeque::from(self.take_lines());
            release(lines.pop_front(), each);
            self.settle(lines, each);
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Takes lines until none is left that is not waiting for the next one.
    fn settle(&mut self, mut lines: VecDeque<Line>, each: &mut impl FnMut(Joined<'_>)) {
        while let Some(line) = lines.pop_front() {
            self.bytes += line.bytes.len();
            self.is_odd ^= !is_even(&line.bytes);
            self.lines.push(line);
            match self.state() {
                State::Open => {}
                State::Record => {
                    let end = self.lines.last().map_or(0, |line| line.end);
                    each(Joined::Record { record: without_line_end(&self.text()), end });
                    self.take_lines();
                }
                State::Broken => {
                    let mut waiting = self.take_lines().into_iter();
                    release(waiting.next(), each);
                    waiting.rev().for_each(|line| lines.push_front(line));
                }
            }
        }
    }

    /// What waits is looked at when its first line comes and when its number of quotes is even: not
    /// with every line that an open quote swallows.
    fn state(&self) -> State {
        if self.is_odd && self.lines.len() > 1 {
            return if self.bytes > MAX_RECORD_BYTES { State::Broken } else { State::Open };
        }
        let text = self.text();
        let Ok(text) = std::str::from_utf8(without_line_end(&text)) else { return State::Broken };
        match csv::fields(text, self.delimiter) {
            Ok(_) => State::Record,
            Err(BadQuotes::Open) => State::Open,
            Err(BadQuotes::Misplaced) => State::Broken,
        }
    }

    fn take_lines(&mut self) -> Vec<Line> {
        (self.bytes, self.is_odd) = (0, false);
        std::mem::take(&mut self.lines)
    }

    fn text(&self) -> Vec<u8> {
        self.lines.iter().flat_map(|line| &line.bytes).copied().collect()
    }
}

/// Whether as many quotes are closed as are opened.
fn is_even(line: &[u8]) -> bool {
    line.iter().filter(|byte| **byte == b'"').count() % 2 == 0
}

/// Hands out a line as a record.
fn release(line: Option<Line>, each: &mut impl FnMut(Joined<'_>)) {
    if let Some(Line { bytes, end }) = line {
        each(Joined::Record { record: without_line_end(&bytes), end });
    }
}
