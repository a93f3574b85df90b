/// What the scripts under `setup/` need beside the contract.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Settings {
    /// Name of the database.
    pub database: String,
    /// Name of the warehouse.
    pub warehouse: String,
}

/// A script an administrator can read or run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Path without numbers and ending: `setup/warehouse`.
    pub name: String,
    /// Statements, each ended by a semicolon.
    pub text: String,
}
