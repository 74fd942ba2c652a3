//! A sticker's link as a QR code: SVG to print, PNG to save, blocks of text for a terminal.
//!
//! Error correction Q, so that a quarter of the code may be dirty, and the quiet zone of 4 modules that ISO/IEC 18004
//! asks for.
//!
//! Imports `domain`. Called by `cli`, `web`.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

use crate::domain::{Error, Result};

/// Light modules on every side.
const QUIET_ZONE: usize = 4;

/// The same in a terminal, where a phone sees a screen and not a dirty sticker.
const QUIET_ZONE_SMALL: usize = 2;

/// A QR code.
pub struct Qr {
    /// Modules on a side, without the quiet zone.
    width: usize,
    /// Light modules on every side.
    quiet: usize,
    /// Row by row; `true` is dark.
    dark: Vec<bool>,
}

impl Qr {
    /// Encodes a text.
    ///
    /// # Errors
    /// `qr-too-long` when it does not fit into any QR code.
    pub fn encode(text: &str) -> Result<Self> {
        Self::with(text, EcLevel::Q, QUIET_ZONE)
    }

    /// Encodes a text as small as it gets, to be read from a screen: a terminal of 24 lines has room for it.
    ///
    /// # Errors
    /// `qr-too-long` when it does not fit into any QR code.
    pub fn encode_small(text: &str) -> Result<Self> {
        Self::with(text, EcLevel::L, QUIET_ZONE_SMALL)
    }

    fn with(text: &str, level: EcLevel, quiet: usize) -> Result<Self> {
        let code = QrCode::with_error_correction_level(text, level)
            .map_err(|_| Error::invalid("qr-too-long", "This text is too long for a QR code."))?;
        let width = code.width();
        let dark = code.into_colors().into_iter().map(|color| color == Color::Dark).collect();
        Ok(Self { width, quiet, dark })
    }

    /// Modules on a side, the quiet zone included.
    pub const fn side(&self) -> usize {
        self.width + 2 * self.quiet
    }

    /// A drawing that can be printed at any size; one unit is one module.
    pub fn svg(&self) -> String {
        let side = self.side();
        let mut path = String::new();
        for (row, modules) in self.dark.chunks(self.width).enumerate() {
            let mut column = 0;
            for run in modules.chunk_by(|a, b| a == b) {
                if run[0] {
                    let (x, y, length) = (column + self.quiet, row + self.quiet, run.len());
                    // Writing to a String cannot fail.
                    let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
                }
                column += run.len();
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>"
        )
    }

    /// A picture of one bit per pixel, with `scale` pixels for each module.
    ///
    /// # Errors
    /// Internal, when the encoder fails.
    pub fn png(&self, scale: usize) -> Result<Vec<u8>> {
        let pixels = self.side() * scale;
        let stride = pixels.div_ceil(8);
        let mut data = Vec::with_capacity(stride * pixels);
        for y in 0..self.side() {
            let mut line = vec![0xff_u8; stride];
            for x in (0..pixels).filter(|x| self.is_dark(x / scale, y)) {
                line[x / 8] &= !(0x80 >> (x % 8));
            }
            for _ in 0..scale {
                data.extend_from_slice(&line);
            }
        }
        let mut file = Vec::new();
        let side = u32::try_from(pixels).map_err(Error::internal)?;
        let mut encoder = png::Encoder::new(&mut file, side, side);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let mut writer = encoder.write_header().map_err(Error::internal)?;
        writer.write_image_data(&data).map_err(Error::internal)?;
        writer.finish().map_err(Error::internal)?;
        Ok(file)
    }

    /// Lines for a terminal, two modules in each character.
    ///
    /// With `colours` the code is black on white whatever the terminal's theme is. Without, light modules are drawn,
    /// which fits light text on a dark ground.
    pub fn terminal(&self, colours: bool) -> String {
        let side = self.side();
        let mut text = String::new();
        for y in (0..side).step_by(2) {
            if colours {
                // Colours 16 and 231 are black and white in every theme; 0 and 15 are what the theme makes of them.
                text.push_str("\x1b[38;5;16;48;5;231m");
            }
            for x in 0..side {
                let (upper, lower) = (self.is_dark(x, y), self.is_dark(x, y + 1));
                text.push(match (upper == colours, (lower == colours) && y + 1 < side) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push_str(if colours { "\x1b[0m\n" } else { "\n" });
        }
        text
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = self.quiet..self.quiet + self.width;
        inside.contains(&x) && inside.contains(&y) && self.dark[(y - self.quiet) * self.width + x - self.quiet]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::domain::household::tag::Token;
    use std::process::Command;

    /// 2 cm at 300 dots per inch.
    const PRINTED: usize = 236;

    fn link() -> String {
        format!("https://callqr.fritz.box:8443/c#{}", Token::random().code())
    }

    /// What a scanner that we did not write reads from a picture.
    fn scan(picture: &[u8]) -> String {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("code.png");
        std::fs::write(&file, picture).unwrap();
        let run = Command::new("zbarimg").args(["--quiet", "--raw", "--nodbus"]).arg(&file).output();
        let output = run.expect("this test needs zbarimg: apt-get install zbar-tools");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    fn picture(side: usize, is_dark: impl Fn(usize, usize) -> bool) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, side as u32, side as u32);
        encoder.set_color(png::ColorType::Grayscale);
        let pixels: Vec<u8> = (0..side * side).map(|at| if is_dark(at % side, at / side) { 0 } else { 255 }).collect();
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        file
    }

    /// The dark runs of a drawing: where each begins, and its length.
    fn runs(svg: &str) -> (f64, Vec<(f64, f64, f64)>) {
        let side = svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        let path = svg.split("<path d=\"").nth(1).unwrap().split('"').next().unwrap();
        let run = |run: &str| {
            let (start, rest) = run.strip_prefix('M').unwrap().split_once('h').unwrap();
            let (x, y) = start.split_once(' ').unwrap();
            (x.parse().unwrap(), y.parse().unwrap(), rest.split('v').next().unwrap().parse().unwrap())
        };
        (side, path.split_terminator('z').map(run).collect())
    }

    /// The drawing as a printer puts it on paper: a dot is dark when its middle lies in one of the path's runs.
    fn printed(svg: &str, dots: usize) -> Vec<u8> {
        let (side, runs) = runs(svg);
        picture(dots, |column, row| {
            let unit = side / dots as f64;
            let (at_x, at_y) = ((column as f64 + 0.5) * unit, (row as f64 + 0.5) * unit);
            runs.iter().any(|(x, y, length)| (*x..x + length).contains(&at_x) && (*y..y + 1.0).contains(&at_y))
        })
    }

    #[test]
    fn a_sticker_of_two_centimetres_is_read() {
        for link in [link(), format!("{}:AAAAAAAAAAAAAAAAAAAAAA", link())] {
            let qr = Qr::encode(&link).unwrap();
            assert_eq!(scan(&printed(&qr.svg(), PRINTED)), link, "svg, {} modules", qr.side());
            assert_eq!(scan(&qr.png(PRINTED / qr.side()).unwrap()), link, "png, {} modules", qr.side());
        }
    }

    #[test]
    fn four_modules_around_the_code_are_light() {
        let qr = Qr::encode(&link()).unwrap();
        let (side, runs) = runs(&qr.svg());
        let least = runs.iter().map(|(x, y, _)| x.min(*y)).fold(f64::MAX, f64::min);
        let most = runs.iter().map(|(x, y, length)| (x + length).max(y + 1.0)).fold(0.0, f64::max);
        assert_eq!((least, side - most), (4.0, 4.0));
    }

    #[test]
    fn a_sticker_with_an_eighth_of_it_dirty_is_read() {
        let link = link();
        let qr = Qr::encode(&link).unwrap();
        let (side, scale) = (qr.side(), 8);
        let spot = side - QUIET_ZONE - qr.width / 3..side - QUIET_ZONE;
        let dirty = picture(side * scale, |x, y| {
            let (x, y) = (x / scale, y / scale);
            (spot.contains(&x) && spot.contains(&y)) || qr.is_dark(x, y)
        });
        assert_eq!(scan(&dirty), link);
    }

    #[test]
    fn the_terminals_blocks_are_read_on_dark_and_light_ground() {
        let link = link();
        let codes = [Qr::encode(&link).unwrap(), Qr::encode_small(&link).unwrap()];
        assert!(codes[1].terminal(false).lines().count() <= 23, "it fits into 24 lines");
        let grounds = [(true, true), (false, false)];
        for (qr, (colours, ink_is_dark)) in codes.iter().flat_map(|code| grounds.map(|ground| (code, ground))) {
            let text = qr.terminal(colours);
            let bare: Vec<Vec<char>> = text
                .lines()
                .map(|line| line.replace("\x1b[38;5;16;48;5;231m", "").replace("\x1b[0m", "").chars().collect())
                .collect();
            assert!(bare.iter().all(|line| line.len() == qr.side()));
            let scale = 6;
            let read = scan(&picture(qr.side() * scale, |x, y| {
                let ink = match bare[y / scale / 2][x / scale] {
                    '█' => true,
                    '▀' => y / scale % 2 == 0,
                    '▄' => y / scale % 2 == 1,
                    _ => false,
                };
                ink == ink_is_dark
            }));
            assert_eq!(read, link, "colours: {colours}");
        }
    }

    #[test]
    fn texts_that_fit_no_code_are_refused() {
        assert_eq!(Qr::encode(&"x".repeat(5000)).map(|_| ()).unwrap_err().code, "qr-too-long");
    }
}
