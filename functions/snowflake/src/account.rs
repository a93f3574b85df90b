//! The account identifier, as people write it and as tokens and host names need it.

/// The account as the `iss` and `sub` of a token name it: upper case, without the region that may
/// follow an account locator.
///
/// - `xy12345.us-east-1.aws` (locator and region) → `XY12345`
/// - `myorg.my_account` (organisation and account) → `MYORG-MY_ACCOUNT`
/// - `myorg-abc.global` → `MYORG`, cut at the first hyphen
pub(crate) fn token_account(account: &str) -> String {
    let account = account.trim();
    let name = match account.split_once('.') {
        Some((name, "global")) => name.split('-').next().unwrap_or(name),
        Some((locator, region)) if is_region(region) => locator,
        _ => account,
    };
    name.replace('.', "-").to_ascii_uppercase()
}

/// The host that serves the account. Host names have no underscore.
pub(crate) fn host(account: &str) -> String {
    let account = account.trim();
    let name = match account.split_once('.') {
        Some((_, rest)) if rest == "global" || is_region(rest) => account.to_owned(),
        _ => account.replace('.', "-"),
    };
    format!("{}.snowflakecomputing.com", name.replace('_', "-").to_ascii_lowercase())
}

/// A region (`us-east-1`, `west-europe.azure`) has a hyphen or names its cloud after another
/// period; an account's name can contain neither.
fn is_region(text: &str) -> bool {
    text.contains(['-', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_named_as_tokens_and_hosts_need_them() {
        for (account, in_token, host_name) in [
            ("xy12345", "XY12345", "xy12345"),
            ("xy12345.us-east-1", "XY12345", "xy12345.us-east-1"),
            ("xy12345.uaenorth.azure", "XY12345", "xy12345.uaenorth.azure"),
            ("myorg-my_account", "MYORG-MY_ACCOUNT", "myorg-my-account"),
            ("MyOrg.My_Account", "MYORG-MY_ACCOUNT", "myorg-my-account"),
            ("myorg-abc.global", "MYORG", "myorg-abc.global"),
        ] {
            assert_eq!(token_account(account), in_token, "{account}");
            assert_eq!(host(account), format!("{host_name}.snowflakecomputing.com"));
        }
    }
}
