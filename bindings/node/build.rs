//! What the linker of each system needs for an addon.

fn main() {
    napi_build::setup();
}
