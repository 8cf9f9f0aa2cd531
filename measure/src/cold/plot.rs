//! A plot of one delay: the start and the first call of each subject, on a logarithmic scale since peers differ by so much.

use super::table::Row;

const LEFT: f64 = 330.0;
const WIDTH: f64 = 420.0;
const BAR: f64 = 14.0;

/// The shortest time that the scale shows, in milliseconds.
const SHORTEST: f64 = 0.1;

pub(super) fn bars(rows: &[Row]) -> String {
    let mut delays: Vec<_> = rows.iter().map(|row| row.delay).collect();
    delays.dedup();
    let delay = delays.get(delays.len() / 2).copied().unwrap_or_default();
    let rows: Vec<_> = rows.iter().filter(|row| row.delay == delay).collect();
    let millis = |row: &Row| {
        [row.of(|run| run.start), row.of(|run| run.first)].map(|time| (time.as_secs_f64() * 1e3).max(SHORTEST))
    };
    let longest = rows.iter().flat_map(|row| millis(row)).fold(SHORTEST * 10.0, f64::max);
    let mut body = format!(
        "<text x=\"8\" y=\"20\" font-weight=\"bold\">Start (dark) and first call (light), milliseconds, logarithmic; round trips of {delay} ms</text>\n"
    );
    let mut y = 30.0;
    for row in rows {
        let text = y + BAR * 1.4;
        body.push_str(&format!("<text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{}</text>\n", LEFT - 8.0, row.name));
        for (value, colour) in millis(row).into_iter().zip(["#2b6cb0", "#90cdf4"]) {
            let length = WIDTH * (value / SHORTEST).ln() / (longest / SHORTEST).ln();
            body.push_str(&format!(
                "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>\n<text x=\"{:.1}\" y=\"{}\">{value:.2}</text>\n",
                LEFT + length + 6.0,
                y + BAR * 0.85,
            ));
            y += BAR;
        }
        y += 10.0;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{y}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n",
        LEFT + WIDTH + 90.0
    )
}
