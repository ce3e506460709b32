//! The reader of documents as a program of its own: tests name it, the `nomkit` command has its own way in.

fn main() {
    nomkit_emulator::documents::worker_main()
}
