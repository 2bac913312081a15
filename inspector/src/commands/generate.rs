//! Completions for shells and the manual page, out of the declaration of the command line.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;

/// What a shell has to read to complete command lines of this program.
pub fn completions(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "rjit-inspect", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// The manual page, in the language of `man`: the program, then each command.
pub fn man() -> String {
    let mut command = Args::command();
    command.build();
    let mut text = Vec::new();
    let page = clap_mangen::Man::new(command.clone());
    // Writing to memory does not fail.
    let _ = page.render(&mut text);
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let page = clap_mangen::Man::new(sub.clone());
        text.extend(format!(".SH \"COMMAND {}\"\n", sub.get_name().to_uppercase()).bytes());
        let _ = page.render_synopsis_section(&mut text);
        let _ = page.render_description_section(&mut text);
        let _ = page.render_options_section(&mut text);
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    // Sections of a command lie below its own.
    let mut inside = false;
    text.lines()
        .map(|line| {
            inside |= line.starts_with(".SH \"COMMAND ");
            let nested = inside && line.starts_with(".SH ") && !line.starts_with(".SH \"COMMAND ");
            if nested { format!(".SS {}\n", &line[4..]) } else { format!("{line}\n") }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_completes_every_command() {
        for &shell in Shell::value_variants() {
            let text = completions(shell);
            for part in ["record", "flamegraph", "explain", "interval", "children"] {
                assert!(text.contains(part), "{shell}: {part}");
            }
        }
    }

    #[test]
    fn the_manual_page_describes_every_command() {
        let text = man();
        assert!(text.contains(".TH rjit-inspect 1"));
        for part in
            ["COMMAND RECORD", "COMMAND FLAMEGRAPH", "COMMAND TOP", "COMMAND EXPLAIN", "\\-\\-folded", "Exit codes"]
        {
            assert!(text.contains(part), "{part}");
        }
        assert!(!text.contains("COMMAND HELP"));
    }
}
