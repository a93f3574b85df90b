//! Which fields look like personal data, by their names and by the form of their values.

use contract::DataType;

use super::profile::Profile;
use super::shapes::Shape;

/// Fewest numbers that must be right before their check digits say what they are.
const FEWEST_CARDS: u64 = 3;

/// Words that make a name that of a person.
const PERSONS: [&str; 21] = [
    "first",
    "last",
    "full",
    "given",
    "family",
    "middle",
    "maiden",
    "customer",
    "user",
    "person",
    "contact",
    "rider",
    "driver",
    "patient",
    "employee",
    "holder",
    "guest",
    "passenger",
    "recipient",
    "sender",
    "owner",
];

/// What a field holds that is personal, if it looks so. `words` are those of its name.
pub(crate) fn personal(
    words: &[String],
    profile: &Profile,
    data_type: DataType,
) -> Option<&'static str> {
    let is_text = matches!(data_type, DataType::String { .. });
    by_name(words, data_type).or_else(|| is_text.then(|| by_shape(profile)).flatten())
}

fn by_name(words: &[String], data_type: DataType) -> Option<&'static str> {
    let has = |word: &str| words.iter().any(|other| other == word);
    let any = |list: &[&str]| list.iter().any(|word| has(word));
    let is_text = matches!(data_type, DataType::String { .. });
    let is_number = matches!(data_type, DataType::Integer | DataType::Decimal { .. });
    let is_id = words.last().is_some_and(|word| matches!(word.as_str(), "id" | "type" | "status"));
    let is_written = (is_text || is_number) && !is_id;
    let is_open = (is_text || data_type == DataType::Object) && !is_id;
    if is_text && !is_id && any(&["email", "mail"]) {
        Some("e-mail address")
    } else if is_written && any(&["phone", "mobile", "telephone", "msisdn", "fax"]) {
        Some("telephone number")
    } else if (has("birth") || any(&["dob", "birthday", "birthdate"]))
        && data_type != DataType::Boolean
    {
        Some("date of birth")
    } else if is_text && !is_id && any(&["ip", "ipv4", "ipv6"]) {
        Some("address on the network")
    } else if is_written && (any(&["iban", "pan"]) || (has("card") && any(&["number", "no"]))) {
        Some("number of an account or a card")
    } else if is_written && any(&["ssn", "passport"]) {
        Some("number of a document")
    } else if is_open && (has("address") || has("street")) && !any(&["mac", "wallet"]) {
        Some("address")
    } else if is_open && is_name(&has) {
        Some("name of a person")
    } else {
        None
    }
}

fn is_name(has: &impl Fn(&str) -> bool) -> bool {
    let single = ["surname", "firstname", "lastname", "fullname", "forename", "username"];
    single.iter().any(|word| has(word)) || (has("name") && PERSONS.iter().any(|word| has(word)))
}

fn by_shape(profile: &Profile) -> Option<&'static str> {
    let texts = &profile.texts;
    let has = |shape| texts.count > 0 && texts.shapes.has(shape);
    if has(Shape::Email) {
        Some("e-mail address")
    } else if has(Shape::Phone) {
        Some("telephone number")
    } else if has(Shape::Ipv4) || has(Shape::Ipv6) {
        Some("address on the network")
    } else if has(Shape::Iban) || (has(Shape::Card) && texts.count >= FEWEST_CARDS) {
        Some("number of an account or a card")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::words;
    use super::*;

    const TEXT: DataType = DataType::String { max_chars: None };

    #[test]
    fn names_tell_and_their_types_too() {
        for (name, data_type, expected) in [
            ("customerEmail", TEXT, true),
            ("email_verified", DataType::Boolean, false),
            ("email_sent_at", DataType::Timestamp, false),
            ("email_count", DataType::Integer, false),
            ("email_id", TEXT, false),
            ("phone", DataType::Integer, true),
            ("firstName", TEXT, true),
            ("product_name", TEXT, false),
            ("name", TEXT, false),
            ("user_name", TEXT, true),
            ("birth_date", DataType::Date, true),
            ("shippingAddress", DataType::Object, true),
            ("mac_address", TEXT, false),
            ("client_ip", TEXT, true),
            ("zip", TEXT, false),
            ("card_number", TEXT, true),
            ("card_type", TEXT, false),
        ] {
            let found = personal(&words(name), &Profile::default(), data_type);
            assert_eq!(found.is_some(), expected, "{name}");
        }
    }

    #[test]
    fn values_tell_whatever_their_name() {
        for (values, expected) in [
            (&["ada@example.com", "bob@example.com"][..], true),
            (&["+49 170 1234567"], true),
            (&["10.0.0.1"], true),
            (&["DE89370400440532013000"], true),
            (&["4111111111111111", "5500000000000004", "4111111111111111"], true),
            (&["4111111111111111"], false),
            (&["ada@example.com", "nobody"], false),
        ] {
            let mut profile = Profile::default();
            values.iter().for_each(|value| profile.text(value));
            assert_eq!(personal(&words("x"), &profile, TEXT).is_some(), expected, "{values:?}");
        }
    }
}
