//! Tables for people: columns of text, as wide as their widest cell.

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text.
    Left,
    /// Figures.
    Right,
}

/// Sets rows under their headings, each line ended; no line has space at its end.
pub(crate) fn table<const N: usize>(columns: [(&str, Align); N], rows: &[[String; N]]) -> String {
    let chars = |text: &str| text.chars().count();
    let mut widths = columns.map(|(heading, _)| chars(heading));
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(chars(cell));
        }
    }
    let line = |cells: [&str; N]| {
        let mut line = String::new();
        for ((cell, width), (_, align)) in cells.into_iter().zip(widths).zip(columns) {
            let space = " ".repeat(width - chars(cell));
            line.push_str("  ");
            match align {
                Align::Left => line.extend([cell, &space]),
                Align::Right => line.extend([&space, cell]),
            }
        }
        line.trim_end().to_owned() + "\n"
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut out = line(columns.map(|(heading, _)| heading));
    out.push_str(&line(std::array::from_fn(|at| rule[at].as_str())));
    out.extend(rows.iter().map(|row| line(std::array::from_fn(|at| row[at].as_str()))));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_below_one_another() {
        let rows = [["id".to_owned(), "1".to_owned()], ["größe".to_owned(), "1,000".to_owned()]];
        assert_eq!(
            table([("name", Align::Left), ("rows", Align::Right)], &rows),
            "  name    rows\n  -----  -----\n  id         1\n  größe  1,000\n"
        );
    }
}
