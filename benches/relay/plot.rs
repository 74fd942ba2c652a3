//! The medians as bars with their spread, one group for each load: an SVG without anything from elsewhere.

use std::fmt::Write as _;

/// One bar: what it stands for, and its lowest, middle and highest value.
pub struct Bar {
    pub server: String,
    /// Which colour: the same for one server in all groups.
    pub colour: usize,
    pub values: [f64; 3],
}

const WIDTH: f64 = 900.0;
const LEFT: f64 = 180.0;
const LINE: f64 = 22.0;
const COLOURS: [&str; 7] = ["#0a6ebd", "#c44536", "#e0a458", "#7a9e4b", "#555555", "#999999", "#69b3e7"];

/// Draws groups of bars, in microseconds of the server's CPU time per packet.
pub fn svg(groups: &[(String, Vec<Bar>)]) -> String {
    let lines: usize = groups.iter().map(|(_, bars)| bars.len() + 2).sum();
    let height = lines as f64 * LINE + 2.0 * LINE;
    let most = groups.iter().flat_map(|(_, bars)| bars).map(|bar| bar.values[2]).fold(1.0, f64::max);
    let scale = (WIDTH - LEFT - 80.0) / most;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"8\" y=\"{LINE}\" font-weight=\"bold\">CPU time of the server per relayed packet, µs (median, lowest to highest)</text>\n"
    );
    let mut y = 2.0 * LINE;
    for (load, bars) in groups {
        y += LINE;
        let _ = writeln!(out, "<text x=\"8\" y=\"{y}\" font-weight=\"bold\">{load}</text>");
        for bar in bars {
            y += LINE;
            let colour = COLOURS[bar.colour % COLOURS.len()];
            let [low, middle, high] = bar.values.map(|value| LEFT + value * scale);
            let (top, centre) = (y - 13.0, y - 5.0);
            let _ = writeln!(out, "<text x=\"{}\" y=\"{y}\" text-anchor=\"end\">{}</text>", LEFT - 6.0, bar.server);
            let _ = writeln!(
                out,
                "<rect x=\"{LEFT}\" y=\"{top}\" width=\"{:.1}\" height=\"15\" fill=\"{colour}\"/>",
                middle - LEFT
            );
            let _ = writeln!(out, "<path d=\"M{low:.1} {centre}H{high:.1}\" stroke=\"black\"/>");
            let _ = writeln!(out, "<text x=\"{:.1}\" y=\"{y}\">{:.2}</text>", high + 6.0, bar.values[1]);
        }
        y += LINE;
    }
    out + "</svg>\n"
}
