//! The emulator as a program: `cargo run -p nomkit-emulator --example serve [--discard-uploads] [--no-hash] [FOLDER]`.

use nomkit_emulator::{Options, StartError, run};

fn main() -> Result<(), StartError> {
    let mut options = Options::default();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--discard-uploads" => options.discard_uploads = true,
            "--no-hash" => options.hash_uploads = false,
            folder => options.data = Some(folder.into()),
        }
    }
    run(options)
}
