//! The collector over a real folder, against a model of who writes, who rotates, and what was sent.

mod model;
mod world;
