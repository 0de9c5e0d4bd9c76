//! LATENCY GRAPH: the samples of one event as columns of text, with their age below each column.

use super::latency::LatencyEvent;

/// Columns before the graph continues below.
const COLUMNS: usize = 80;
const ROWS: usize = 4;
/// Tips of a column, lowest first. A row tells three heights apart; what is below a tip is a bar.
const TIPS: [u8; 3] = *b"_o#";
const BAR: u8 = b'|';

impl LatencyEvent {
    /// A headline with the extremes, a rule, and the samples oldest first.
    pub fn graph(&self, now_s: u64) -> String {
        let low = self.samples().map(|sample| sample.latency_ms).min().unwrap_or(0);
        let high = self.samples().map(|sample| sample.latency_ms).max().unwrap_or(0);
        let mut text = format!(
            "{} - high {high} ms, low {low} ms (all time high {} ms)\n{}\n",
            self.name,
            self.worst_ms,
            "-".repeat(COLUMNS),
        );
        let columns: Vec<Column> = self
            .samples()
            .map(|sample| Column {
                height: height(sample.latency_ms - low, high - low),
                label: age(now_s.saturating_sub(sample.time_s)).into_bytes(),
            })
            .collect();
        for (index, chunk) in columns.chunks(COLUMNS).enumerate() {
            if index > 0 {
                text.push('\n');
            }
            draw(&mut text, chunk);
        }
        text
    }
}

struct Column {
    /// 0 to `ROWS * TIPS.len() - 1`.
    height: usize,
    label: Vec<u8>,
}

fn height(above_low_ms: u64, range_ms: u64) -> usize {
    let steps = ROWS * TIPS.len();
    let scaled = above_low_ms as f64 * steps as f64 / range_ms.max(1) as f64;
    (scaled as usize).min(steps - 1)
}

/// Seconds in the largest unit that fits: `59s`, `2m`, `3h`, `4d`.
fn age(elapsed_s: u64) -> String {
    match elapsed_s {
        ..60 => format!("{elapsed_s}s"),
        60..3_600 => format!("{}m", elapsed_s / 60),
        3_600..86_400 => format!("{}h", elapsed_s / 3_600),
        _ => format!("{}d", elapsed_s / 86_400),
    }
}

/// The rows from the top, an empty line, and the labels written downwards.
fn draw(text: &mut String, columns: &[Column]) {
    let label_rows = columns.iter().map(|column| column.label.len()).max().unwrap_or(0);
    for row in (0..ROWS).rev() {
        push_line(text, columns, |column| match column.height.checked_sub(row * TIPS.len()) {
            None => b' ',
            Some(above) => *TIPS.get(above).unwrap_or(&BAR),
        });
    }
    push_line(text, columns, |_| b' ');
    for row in 0..label_rows {
        push_line(text, columns, |column| *column.label.get(row).unwrap_or(&b' '));
    }
}

fn push_line(text: &mut String, columns: &[Column], symbol: impl Fn(&Column) -> u8) {
    text.extend(columns.iter().map(|column| char::from(symbol(column))));
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::super::LatencyMonitor;

    #[test]
    fn a_graph_looks_like_that_of_redis() {
        let mut monitor = LatencyMonitor::default();
        for (now_s, latency_ms) in [(29, 20), (30, 50), (31, 30), (32, 35)] {
            monitor.add("command", latency_ms, now_s);
        }
        let expected = [
            "command - high 50 ms, low 20 ms (all time high 50 ms)",
            &"-".repeat(80),
            " #  ",
            " | _",
            " |o|",
            "_|||",
            "    ",
            "3210",
            "ssss",
            "",
        ];
        assert_eq!(monitor.event(b"command").unwrap().graph(32), expected.join("\n"));
    }

    #[test]
    fn ages_use_the_largest_unit_and_labels_may_differ_in_length() {
        let mut monitor = LatencyMonitor::default();
        for now_s in [0, 86_400 * 10 - 7_200, 86_400 * 10 - 120, 86_400 * 10 - 45] {
            monitor.add("fork", 5, now_s);
        }
        let graph = monitor.event(b"fork").unwrap().graph(86_400 * 10);
        let labels: Vec<&str> = graph.lines().skip(7).collect();
        assert_eq!(labels, ["1224", "0hm5", "d  s"]);
        assert_eq!(graph.lines().nth(5), Some("____"));
    }

    #[test]
    fn more_than_80_samples_continue_below() {
        let mut monitor = LatencyMonitor::default();
        for now_s in 0..81 {
            monitor.add("fork", 5 + now_s, now_s);
        }
        let graph = monitor.event(b"fork").unwrap().graph(80);
        let lines: Vec<&str> = graph.lines().collect();
        assert_eq!(lines[2].len(), 80);
        assert_eq!(lines[11..], ["#", "|", "|", "|", " ", "0", "s"]);
        assert_eq!(lines[10], "");
    }
}
