//! Work for the product to do, as a program would ask for it: for `soak` and `bench`.

mod caller;
mod requests;

use std::error::Error;

pub(super) use self::{
    caller::{Caller, Ended},
    requests::{Kind, Order, References, mixture, of_kind},
};

type Failed = Box<dyn Error + Send + Sync>;
