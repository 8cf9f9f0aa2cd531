//! Prints the public items that a crate's rustdoc JSON holds, one a line.
//!
//! Implementations for every type (`impl<T> Any for T`) and of auto traits (`Send`) are left out: the first say nothing
//! about this crate, the second are those of what a type holds.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let json = std::env::args_os().nth(1).ok_or("usage: public-api-of RUSTDOC_JSON")?;
    let items =
        public_api::Builder::from_rustdoc_json(json).omit_blanket_impls(true).omit_auto_trait_impls(true).build()?;
    print!("{items}");
    Ok(())
}
