//! A sticker's link as a QR code: SVG to print, PNG to save, blocks of text for a terminal.
//!
//! Error correction Q, so that a quarter of the code may be dirty, and the quiet zone of 4 modules that ISO/IEC 18004
//! asks for.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

use crate::domain::{Error, Result};

/// Light modules on every side.
const QUIET_ZONE: usize = 4;

/// A QR code.
pub struct Qr {
    /// Modules on a side, without the quiet zone.
    width: usize,
    /// Row by row; `true` is dark.
    dark: Vec<bool>,
}

impl Qr {
    /// Encodes a text.
    ///
    /// # Errors
    /// `qr-too-long` when it does not fit into any QR code.
    pub fn encode(text: &str) -> Result<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::Q)
            .map_err(|_| Error::invalid("qr-too-long", "This text is too long for a QR code."))?;
        let width = code.width();
        let dark = code.into_colors().into_iter().map(|color| color == Color::Dark).collect();
        Ok(Self { width, dark })
    }

    /// Modules on a side, the quiet zone included.
    pub const fn side(&self) -> usize {
        self.width + 2 * QUIET_ZONE
    }

    /// A drawing that can be printed at any size; one unit is one module.
    pub fn svg(&self) -> String {
        let side = self.side();
        let mut path = String::new();
        for (row, modules) in self.dark.chunks(self.width).enumerate() {
            let mut column = 0;
            for run in modules.chunk_by(|a, b| a == b) {
                if run[0] {
                    let (x, y, length) = (column + QUIET_ZONE, row + QUIET_ZONE, run.len());
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
        let inside = QUIET_ZONE..QUIET_ZONE + self.width;
        inside.contains(&x) && inside.contains(&y) && self.dark[(y - QUIET_ZONE) * self.width + x - QUIET_ZONE]
    }
}
