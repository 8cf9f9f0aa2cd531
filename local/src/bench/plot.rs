//! A plot of the table: bars, as SVG.

use super::Row;

const LEFT: f64 = 290.0;
const WIDTH: f64 = 420.0;
const BAR: f64 = 16.0;

/// The warm call and the start of each subject, on a scale from nothing to the longest.
pub(super) fn bars(rows: &[Row]) -> String {
    let charts = [
        (
            "Warm call, median, microseconds",
            rows.iter().map(|row| row.figures.p50.as_secs_f64() * 1e6).collect::<Vec<_>>(),
        ),
        (
            "Start to the first question for work, milliseconds",
            rows.iter().map(|row| row.start.as_secs_f64() * 1e3).collect(),
        ),
    ];
    let mut body = String::new();
    let mut y = 24.0;
    for (title, values) in charts {
        body.push_str(&format!("<text x=\"8\" y=\"{y}\" font-weight=\"bold\">{title}</text>\n"));
        let longest = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        for (row, value) in rows.iter().zip(values) {
            y += BAR + 8.0;
            let (length, text, name) = (WIDTH * value / longest, y + BAR * 0.75, row.name);
            body.push_str(&format!("<text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{name}</text>\n", LEFT - 8.0));
            body.push_str(&format!(
                "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" height=\"{BAR}\" fill=\"#2b6cb0\"/>\n<text x=\"{:.1}\" y=\"{text}\">{value:.1}</text>\n",
                LEFT + length + 6.0
            ));
        }
        y += BAR + 40.0;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{y}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n",
        LEFT + WIDTH + 90.0
    )
}
