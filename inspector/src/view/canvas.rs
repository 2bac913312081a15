//! What views draw with: text at a place, boxes, and places to click. Nothing is drawn outside of the screen.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, Clear};

use crate::app::bindings::Action;
use crate::theme::{Theme, Tone};

/// A screen to draw on.
pub struct Canvas<'f, 'b> {
    pub frame: &'f mut Frame<'b>,
    pub theme: Theme,
    /// What a click does where.
    pub hits: Vec<(Rect, Action)>,
}

impl Canvas<'_, '_> {
    /// Writes text from a column on, up to the right end of an area, and tells the column behind it.
    pub fn text(&mut self, area: Rect, x: u16, y: u16, text: &str, tone: Tone) -> u16 {
        self.styled(area, x, y, text, self.theme.style(tone))
    }

    /// Writes text in a style.
    pub fn styled(&mut self, area: Rect, x: u16, y: u16, text: &str, style: Style) -> u16 {
        let area = area.intersection(self.frame.area());
        if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
            return x;
        }
        let (end, _) = self.frame.buffer_mut().set_stringn(x, y, text, usize::from(area.right() - x), style);
        end
    }

    /// Writes a line of text into the line of an area that is so far down.
    pub fn line(&mut self, area: Rect, down: u16, text: &str, tone: Tone) -> u16 {
        self.text(area, area.x, area.y.saturating_add(down), text, tone)
    }

    /// Gives a whole area a style.
    pub fn fill(&mut self, area: Rect, tone: Tone) {
        let style = self.theme.style(tone);
        let area = area.intersection(self.frame.area());
        self.frame.buffer_mut().set_style(area, style);
    }

    /// Draws a box with a title and tells what is inside. Where there is no room for one, the title goes too.
    pub fn boxed(&mut self, area: Rect, title: &str, focused: bool) -> Rect {
        if area.height < 3 || area.width < 4 {
            return area;
        }
        let (border, name) = if focused { (Tone::Focus, Tone::Title) } else { (Tone::Faint, Tone::Text) };
        let block = Block::bordered()
            .border_style(self.theme.style(border))
            .title_style(self.theme.style(name))
            .title(format!(" {title} "));
        let inner = block.inner(area);
        self.frame.render_widget(block, area);
        inner
    }

    /// Empties an area, to draw above what is there.
    pub fn clear(&mut self, area: Rect) {
        self.frame.render_widget(Clear, area);
    }

    /// Has clicks into an area do something.
    pub fn clickable(&mut self, area: Rect, action: Action) {
        self.hits.push((area, action));
    }
}

/// One line of an area.
pub fn row_of(area: Rect, down: u16) -> Rect {
    Rect { y: area.y.saturating_add(down), height: u16::from(down < area.height), ..area }
}
