//! A plot of the table: bars, as SVG.

use std::time::Duration;

use super::Subject;

const LEFT: f64 = 290.0;
const WIDTH: f64 = 420.0;
const BAR: f64 = 16.0;

/// The warm call and the start of each subject, on a scale from nothing to the longest.
pub(super) fn bars(subjects: &[Subject]) -> String {
    let charts = [
        ("Warm call, median, microseconds", Subject::p50 as fn(&Subject) -> Duration, 1e6),
        ("Start to the first question for work, milliseconds", Subject::start, 1e3),
    ];
    let mut body = String::new();
    let mut y = 24.0;
    for (title, time, unit) in charts {
        body.push_str(&format!("<text x=\"8\" y=\"{y}\" font-weight=\"bold\">{title}</text>\n"));
        let values: Vec<_> = subjects.iter().map(|subject| time(subject).as_secs_f64() * unit).collect();
        let longest = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        for (subject, value) in subjects.iter().zip(values) {
            y += BAR + 8.0;
            let (length, text, name) = (WIDTH * value / longest, y + BAR * 0.75, subject.name);
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
