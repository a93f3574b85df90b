//! `customProperties`: what the standard has no word for.

use crate::error::Found;
use crate::odcs;
use crate::read::Fields;
use crate::yaml::Node;

/// Reads the values of the custom properties of a table or a column, in the order of `names`. Any
/// other name is an error.
pub(crate) fn read<'a, const N: usize>(
    owner: Fields<'a>,
    names: [&str; N],
) -> Found<'a, [Option<&'a Node>; N]> {
    let mut values = [None; N];
    for node in owner.get("customProperties").map_or(Ok(&[][..]), Node::items)? {
        let entry = node.fields(&odcs::CUSTOM_PROPERTY)?;
        let property = entry.require("property")?;
        let name = property.text()?;
        let Some(index) = names.iter().position(|known| *known == name) else {
            return Err(property.not_among(name, names.into_iter()));
        };
        if values[index].replace(entry.require("value")?).is_some() {
            return property.fail(format!("`{name}` stands twice"));
        }
    }
    Ok(values)
}
