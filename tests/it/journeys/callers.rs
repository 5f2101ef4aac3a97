//! What callers meet: the forms in which clients write requests, and what they may rely on in answers.

mod cors;
mod forms;
mod lists;
mod members;
mod once;
mod polls;
mod ready;
mod uploads;
mod urls;
mod words;
