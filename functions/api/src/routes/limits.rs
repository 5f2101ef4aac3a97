//! How much may be asked for and spent in a project.

pub(crate) mod get_budgets;
pub(crate) mod get_limits;
pub(crate) mod put_budgets;
pub(crate) mod put_limits;
