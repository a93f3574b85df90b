//! A column of texts: as a dictionary while they repeat, end to end when they do not.

use std::borrow::Cow;

use crate::columns::Text;
use crate::words::{Print, Vacancy, Words};

/// Most words of a dictionary; a column with more is stored plain.
const MAX_WORDS: usize = 1 << 15;
/// Rows after which a column that hardly repeats is given up as a dictionary.
const TRIAL_ROWS: usize = 4096;

/// Texts, one a row. A row may be pushed in a spelling that stands for another text (` eur` for
/// `EUR`): spellings are words of the dictionary too, so that each is checked once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    /// The word of each row; not kept up once the column is plain.
    keys: Vec<u32>,
    spellings: Words,
    /// For each spelling the number of its text among the `meanings`.
    meaning_of: Vec<u32>,
    /// The distinct texts of the rows: numbers of their spellings.
    meanings: Vec<u32>,
    /// What there was before the last row that brought a new spelling. That row also is the one for
    /// which a plain column was given up as a dictionary.
    newest: Option<Newest>,
    plain: Option<Text>,
    /// Memory of an earlier plain column.
    spare: Text,
}

/// The state before a row.
#[derive(Debug, Clone, Copy)]
struct Newest {
    row: usize,
    spellings: usize,
    meanings: usize,
}

/// How [`Texts`] hold their rows.
pub(crate) enum Stored<'a> {
    /// Row `i` is the text `keys[i]` of `texts`, which are distinct and all used.
    Dictionary { keys: &'a [u32], texts: Text },
    /// One text a row.
    Plain(Cow<'a, Text>),
}

/// A spelling that no row had so far.
#[derive(Debug)]
pub(crate) struct Unknown(Option<Vacancy>);

impl Texts {
    /// Rows that each hold one of a few distinct texts, all of them used.
    pub(crate) fn of_keys(keys: Vec<u32>, texts: Text) -> Self {
        let numbers: Vec<u32> = (0..texts.len() as u32).collect();
        Self {
            keys,
            spellings: Words::of_distinct(texts),
            meaning_of: numbers.clone(),
            meanings: numbers,
            ..Self::default()
        }
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.plain.as_ref().map_or(self.keys.len(), Text::len)
    }

    /// The text of a row; of a null row any.
    pub(crate) fn get(&self, row: usize) -> &[u8] {
        match &self.plain {
            Some(plain) => plain.get(row),
            None => self.meaning(self.keys[row]),
        }
    }

    /// The keys of the rows, and how many there are, if the column is a dictionary.
    pub(crate) fn keys(&self) -> Option<(&[u32], usize)> {
        self.plain.is_none().then_some((&self.keys, self.meanings.len()))
    }

    fn meaning(&self, key: u32) -> &[u8] {
        // A column of nothing but nulls has no texts.
        let spelling = self.meanings.get(key as usize);
        spelling.map_or(&[], |spelling| self.spellings.texts().get(*spelling as usize))
    }

    /// Whether the rows are stored one by one, so that prints are of no use.
    #[inline(always)]
    pub(crate) fn is_plain(&self) -> bool {
        self.plain.is_some()
    }

    /// The print of a text, if it is of use.
    pub(crate) fn print(&self, text: &[u8]) -> Option<Print> {
        if self.is_plain() { None } else { Some(Print::of(text)) }
    }

    /// Appends a row in a spelling that was pushed before; `print` is its [`Print`], if that is of use.
    #[inline(always)]
    pub(crate) fn push_known(
        &mut self,
        spelling: &[u8],
        print: Option<Print>,
    ) -> Result<(), Unknown> {
        let Some(print) = print else { return Err(Unknown(None)) };
        let word = self.spellings.find(spelling, print).map_err(Unknown)?;
        self.keys.push(self.meaning_of[word as usize]);
        Ok(())
    }

    /// Appends a row with `text`, which `spelling` stands for from now on.
    pub(crate) fn push_new(&mut self, spelling: &[u8], text: &[u8], unknown: Unknown) {
        if self.plain.is_none() && !self.add(spelling, text, unknown) {
            self.give_up();
        }
        if let Some(plain) = &mut self.plain {
            plain.push(text);
        }
    }

    /// Appends a row.
    pub(crate) fn push(&mut self, text: &[u8]) {
        if let Err(unknown) = self.push_known(text, self.print(text)) {
            self.push_new(text, text, unknown);
        }
    }

    /// Appends a row whose text does not matter.
    #[inline]
    pub(crate) fn push_empty(&mut self) {
        match &mut self.plain {
            Some(plain) => plain.push(b""),
            None => self.keys.push(0),
        }
    }

    /// Adds a row to the dictionary; returns whether there was room.
    fn add(&mut self, spelling: &[u8], text: &[u8], unknown: Unknown) -> bool {
        let row = self.keys.len();
        let (spellings, meanings) = (self.spellings.len(), self.meanings.len());
        self.newest = Some(Newest { row, spellings, meanings });
        let hardly_repeats = row >= TRIAL_ROWS && meanings > row / 2;
        if hardly_repeats || spellings + 2 > MAX_WORDS {
            return false;
        }
        let added = match unknown {
            Unknown(Some(vacancy)) if spelling == text => self.add_meaning(text, vacancy),
            Unknown(_) => self.meaning_of_other(text).and_then(|key| {
                let Err(Some(vacancy)) = self.spellings.find(spelling, Print::of(spelling)) else {
                    return None;
                };
                self.spellings.insert(spelling, vacancy)?;
                self.meaning_of.push(key);
                Some(key)
            }),
        };
        let Some(key) = added else { return false };
        self.keys.push(key);
        true
    }

    /// The key of a text, which is added if need be.
    fn meaning_of_other(&mut self, text: &[u8]) -> Option<u32> {
        match self.spellings.find(text, Print::of(text)) {
            Ok(word) => Some(self.meaning_of[word as usize]),
            Err(Some(vacancy)) => self.add_meaning(text, vacancy),
            Err(None) => None,
        }
    }

    fn add_meaning(&mut self, text: &[u8], vacancy: Vacancy) -> Option<u32> {
        let word = self.spellings.insert(text, vacancy)?;
        let key = self.meanings.len() as u32;
        self.meanings.push(word);
        self.meaning_of.push(key);
        Some(key)
    }

    /// Stores the rows end to end from now on.
    fn give_up(&mut self) {
        let spare = std::mem::take(&mut self.spare);
        self.plain = Some(self.end_to_end(spare));
    }

    /// The texts of the rows in the memory of `text`.
    fn end_to_end(&self, mut text: Text) -> Text {
        text.clear();
        self.keys.iter().for_each(|key| text.push(self.meaning(*key)));
        text
    }

    /// Drops all rows from `rows` on, at most one of which brought a new spelling: then all is as if
    /// it had never come, down to what is written.
    pub(crate) fn truncate(&mut self, rows: usize) {
        if let Some(newest) = self.newest.take_if(|newest| newest.row >= rows) {
            if let Some(plain) = self.plain.take() {
                self.spare = plain;
            }
            while self.spellings.len() > newest.spellings {
                self.spellings.pop();
            }
            self.meaning_of.truncate(newest.spellings);
            self.meanings.truncate(newest.meanings);
        }
        match &mut self.plain {
            Some(plain) => plain.truncate(rows),
            None => self.keys.truncate(rows),
        }
    }

    /// Drops all rows and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.spellings.clear();
        self.meaning_of.clear();
        self.meanings.clear();
        self.newest = None;
        if let Some(plain) = self.plain.take() {
            self.spare = plain;
        }
    }

    /// The distinct texts in the order in which they came.
    fn distinct(&self) -> Text {
        let mut texts = Text::default();
        for &spelling in &self.meanings {
            texts.push(self.spellings.texts().get(spelling as usize));
        }
        texts
    }

    /// Applies a function of the text to all rows; to each distinct text once, if it keeps
    /// distinct texts distinct.
    pub(crate) fn map_distinct(&self, mut map: impl FnMut(&[u8], &mut Vec<u8>)) -> Self {
        let texts = match &self.plain {
            Some(plain) => plain,
            None => &self.distinct(),
        };
        let mut mapped = Text::default();
        let mut buffer = Vec::new();
        for row in 0..texts.len() {
            buffer.clear();
            map(texts.get(row), &mut buffer);
            mapped.push(&buffer);
        }
        match &self.plain {
            Some(_) => Self { plain: Some(mapped), ..Self::default() },
            None => Self::of_keys(self.keys.clone(), mapped),
        }
    }

    /// How to write the rows: as a dictionary where it has at most half as many texts as rows,
    /// and any.
    pub(crate) fn stored(&self) -> Stored<'_> {
        match &self.plain {
            Some(plain) => Stored::Plain(Cow::Borrowed(plain)),
            None if self.meanings.is_empty() || self.meanings.len() > self.len() / 2 => {
                Stored::Plain(Cow::Owned(self.end_to_end(Text::default())))
            }
            None => Stored::Dictionary { keys: &self.keys, texts: self.distinct() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upper(texts: &mut Texts, spelling: &str) {
        let print = texts.print(spelling.as_bytes());
        if let Err(unknown) = texts.push_known(spelling.as_bytes(), print) {
            texts.push_new(spelling.as_bytes(), spelling.to_uppercase().as_bytes(), unknown);
        }
    }

    #[test]
    fn spellings_of_a_text_share_its_key() {
        let mut texts = Texts::default();
        for spelling in ["eur", "EUR", "Eur", "usd", "eur", "USD"] {
            upper(&mut texts, spelling);
        }
        assert_eq!(texts.keys(), Some((&[0, 0, 0, 1, 0, 1][..], 2)));
        let Stored::Dictionary { texts, .. } = texts.stored() else { panic!("it repeats") };
        assert_eq!((texts.get(0), texts.get(1)), (&b"EUR"[..], &b"USD"[..]));
    }

    #[test]
    fn a_dropped_row_leaves_nothing_behind() {
        let mut texts = Texts::default();
        for spelling in ["eur", "chf"] {
            upper(&mut texts, spelling);
            texts.truncate(1);
        }
        upper(&mut texts, "usd");
        assert_eq!(texts.keys(), Some((&[0, 1][..], 2)));
        assert_eq!(texts.get(1), b"USD");
        assert!(["chf", "CHF"].iter().all(|gone| {
            texts.push_known(gone.as_bytes(), texts.print(gone.as_bytes())).is_err()
        }));
    }

    #[test]
    fn a_dropped_row_does_not_make_a_column_plain() {
        let mut texts = Texts::default();
        let row = |n: usize| format!("{}", n % (TRIAL_ROWS / 2 + 1));
        for n in 0..=TRIAL_ROWS {
            texts.push(row(n).as_bytes());
        }
        texts.push(b"one too many");
        assert_eq!(texts.keys(), None);
        texts.truncate(TRIAL_ROWS + 1);
        assert_eq!(texts.keys().map(|(keys, _)| keys.len()), Some(TRIAL_ROWS + 1));
        assert!((0..=TRIAL_ROWS).all(|n| texts.get(n) == row(n).as_bytes()));
    }

    #[test]
    fn a_column_that_does_not_repeat_is_plain_and_the_same() {
        let row = |n: usize| format!("text {}", n * n);
        let mut texts = Texts::default();
        for round in 0..2 {
            texts.clear();
            for n in 0..3 * TRIAL_ROWS {
                texts.push(row(n + round).as_bytes());
                texts.push(b"dropped");
                texts.truncate(n + 1);
            }
            assert_eq!(texts.keys(), None);
            for n in 0..3 * TRIAL_ROWS {
                assert_eq!(texts.get(n), row(n + round).as_bytes());
            }
        }
    }
}
