//! Looks at the source on a thread of its own: whatever takes its time there, the screen goes on.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use rjit_telemetry::Details;

use crate::app::Request;
use crate::model::listing::SourceText;
use crate::model::source::{Look, Seek, Source, Wanted};
use crate::screen::{Message, source_file};

/// What the screen wants from the source.
pub enum Wish {
    Wanted(Wanted),
    Fetch(Request),
    Seek(Seek),
}

/// Code that was asked for.
pub struct Code {
    pub request: Request,
    pub details: Result<Details, String>,
    pub source: Result<SourceText, String>,
}

/// Looks every `interval` and does what is wished, until nobody listens any more.
pub fn run(mut source: impl Source, interval: Duration, wishes: &Receiver<Wish>, messages: &Sender<Message>) {
    let mut wanted = Wanted::default();
    let mut next_look = Instant::now();
    loop {
        match wishes.recv_timeout(next_look.saturating_duration_since(Instant::now())) {
            Ok(Wish::Wanted(now)) => {
                wanted = now;
                next_look = Instant::now();
            }
            Ok(Wish::Seek(to)) => {
                source.seek(to);
                next_look = Instant::now();
            }
            Ok(Wish::Fetch(request)) => fetch(&mut source, request, messages),
            Err(RecvTimeoutError::Timeout) => {
                next_look = Instant::now() + interval;
                let look: Look = source.look(wanted);
                if messages.send(Message::Look(Box::new(look))).is_err() {
                    return;
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn fetch(source: &mut impl Source, request: Request, messages: &Sender<Message>) {
    let fetch = request.key.map(|key| source.details(key));
    let files = source.source_files(&request.filename);
    let messages = messages.clone();
    std::thread::spawn(move || {
        let details = fetch.map_or_else(|| Err("there is none: this is not compiled".into()), |fetch| fetch());
        let text = source_file::read(&request.filename, &files, request.compiled_unix_ns);
        // Whoever has asked may have quit.
        let _ = messages.send(Message::Code(Box::new(Code { request, details, source: text })));
    });
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::model::Key;
    use crate::model::source::Fetch;
    use crate::sample;

    /// Notes in its looks what it was asked for.
    #[derive(Default)]
    struct Fake {
        seeks: u64,
    }

    impl Source for Fake {
        fn look(&mut self, wanted: Wanted) -> Look {
            Look { age_ns: self.seeks, command: wanted.stacks.to_string(), ..Look::default() }
        }

        fn details(&mut self, key: Key) -> Fetch {
            Box::new(move || if key == (3, 0) { Ok(sample::details()) } else { Err("gone".into()) })
        }

        fn seek(&mut self, _to: Seek) {
            self.seeks += 1;
        }
    }

    fn started() -> (Sender<Wish>, Receiver<Message>) {
        let (wishes, wished) = mpsc::channel();
        let (messages, inbox) = mpsc::channel();
        std::thread::spawn(move || run(Fake::default(), Duration::from_millis(1), &wished, &messages));
        (wishes, inbox)
    }

    fn request(key: Option<Key>) -> Wish {
        Wish::Fetch(Request { key, filename: "<stdin>".into(), compiled_unix_ns: 0 })
    }

    fn code(inbox: &Receiver<Message>) -> Box<Code> {
        let found = inbox.iter().find_map(|message| match message {
            Message::Code(code) => Some(code),
            _ => None,
        });
        found.expect("an answer")
    }

    #[test]
    fn looks_follow_what_is_wished() {
        let (wishes, inbox) = started();
        wishes.send(Wish::Wanted(Wanted { stacks: true })).unwrap();
        wishes.send(Wish::Seek(Seek::Forward)).unwrap();
        let moved =
            |message: &Message| matches!(message, Message::Look(look) if look.age_ns == 1 && look.command == "true");
        assert!(inbox.iter().any(|message| moved(&message)));
    }

    #[test]
    fn code_is_fetched_beside_the_looks() {
        let (wishes, inbox) = started();
        wishes.send(request(Some((3, 0)))).unwrap();
        let found = code(&inbox);
        assert_eq!(found.details, Ok(sample::details()));
        assert!(found.source.unwrap_err().contains("not a file"));
        wishes.send(request(Some((9, 9)))).unwrap();
        assert_eq!(code(&inbox).details, Err("gone".into()));
        wishes.send(request(None)).unwrap();
        assert!(code(&inbox).details.unwrap_err().contains("not compiled"));
    }

    #[test]
    fn the_end_of_the_screen_ends_it() {
        let (wishes, inbox) = started();
        drop(wishes);
        assert!(inbox.iter().count() < usize::MAX, "the channel closes when the thread has ended");
    }
}
